"""Building objects that a configuration names: ``{_target_: package.module.Class, **arguments}``.

Hydra's ``instantiate`` does this too; ours works on plain dicts, so that a checkpoint is rebuilt without Hydra, and
builds nothing but subclasses of what is expected there, so that a checkpoint of unknown origin cannot call others.

A base is typed ``Callable[..., T]`` where ``type[T]`` is meant, which type checkers do not let abstract classes be.
"""

import importlib
import inspect
from collections.abc import Callable, Collection, Iterable
from typing import Any, TypeVar

from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean

T = TypeVar("T")


def find_class(target: str, base: Callable[..., T], option: str) -> type[T]:
    """The class that ``option`` names by its dotted path.

    Raises:
        UserError: it cannot be imported or is not a subclass of ``base``.
    """
    assert isinstance(base, type)
    module_name, _, name = target.rpartition(".")
    try:
        found: Any = getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UserError(
                f"{option}={target}: there is no module {error.name}; run where it can be imported or add its folder to"
                " PYTHONPATH."
            ) from error
        raise
    except (AttributeError, ValueError) as error:
        raise UserError(f"{option}={target}: {module_name or 'it'} has no class {name}.") from error
    fits = inspect.isclass(found) and issubclass(found, base)
    if not fits:
        raise UserError(f"{option}={target} is not a subclass of {base.__module__}.{base.__qualname__}.")
    if inspect.isabstract(found):
        raise UserError(f"{option}={target} is abstract: it lacks {', '.join(sorted(found.__abstractmethods__))}.")
    cls: type[T] = found
    return cls


def build(spec: dict[str, Any], base: Callable[..., T], group: str, **given: Any) -> T:
    """The object that a configuration group describes; ``given`` are arguments that the configuration does not hold.

    Raises:
        UserError: as ``find_class``, or an argument that the class does not take, or refuses with a ValueError.
    """
    cls = find_class(spec["_target_"], base, f"{group}._target_")
    arguments = {name: value for name, value in spec.items() if name != "_target_"}
    check_arguments(cls, arguments, group, given)
    try:
        return cls(**given, **arguments)
    except ValueError as error:
        raise UserError(f"{group}: {cls.__module__}.{cls.__qualname__} refuses its options: {error}.") from error


def check_arguments(cls: type, arguments: Iterable[str], group: str, given: Collection[str]) -> None:
    """Whether a class takes the arguments that a configuration group and its builder give.

    Raises:
        UserError: it does not take one, by the option's name, or needs another.
    """
    parameters = parameters_of(cls)
    if parameters is None:
        return
    known = [name for name in parameters if name not in given]
    for name in arguments:
        if name not in known:
            raise UserError(
                f"{group}.{name} is no option of {cls.__module__}.{cls.__qualname__}.{did_you_mean(name, known)}"
            )
    for name in given:
        if name not in parameters:
            raise UserError(
                f"{group}._target_={cls.__module__}.{cls.__qualname__} does not take {name}, which it is built with."
            )
    for name, parameter in parameters.items():
        if parameter.default is parameter.empty and name not in given and name not in arguments:
            raise UserError(f"{group}.{name} is missing: {cls.__module__}.{cls.__qualname__} needs it.")


def parameters_of(cls: type) -> dict[str, inspect.Parameter] | None:
    """The named parameters, through ``**options`` handed on to the bases; None where they end in the unknown."""
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__:
        if "__init__" not in vars(base):
            continue
        parameters = list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]
        for parameter in parameters:
            if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                found.setdefault(parameter.name, parameter)
        if not any(parameter.kind is parameter.VAR_KEYWORD for parameter in parameters):
            return found
    return None
