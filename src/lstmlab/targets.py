"""Building objects that a configuration names: ``{_target_: package.module.Class, **arguments}``.

Hydra's ``instantiate`` does this too; ours works on plain dicts, so that a checkpoint is rebuilt without Hydra, and builds
nothing but subclasses of what is expected there, so that a checkpoint of unknown origin cannot call anything else.
"""

import importlib
import inspect
from typing import Any, TypeVar

from lstmlab.errors import UserError
from lstmlab.nearest import did_you_mean

T = TypeVar("T")


def find_class(target: str, base: type[T], option: str) -> type[T]:
    """The class that ``option`` names by its dotted path.

    Raises:
        UserError: it cannot be imported or is not a subclass of ``base``.
    """
    module_name, _, name = target.rpartition(".")
    try:
        found = getattr(importlib.import_module(module_name), name)
    except ModuleNotFoundError as error:
        if error.name and (module_name == error.name or module_name.startswith(f"{error.name}.")):
            raise UserError(
                f"{option}={target}: there is no module {error.name}; run where it can be imported or add its folder to PYTHONPATH."
            ) from error
        raise
    except (AttributeError, ValueError) as error:
        raise UserError(f"{option}={target}: {module_name or 'it'} has no class {name}.") from error
    if not (inspect.isclass(found) and issubclass(found, base)):
        raise UserError(f"{option}={target} is not a subclass of {base.__module__}.{base.__qualname__}.")
    return found


def build(spec: dict[str, Any], base: type[T], group: str, **given: Any) -> T:
    """The object that a configuration group describes; ``given`` are arguments that the configuration does not hold.

    Raises:
        UserError: as ``find_class``, or an argument that the class does not take.
    """
    cls = find_class(spec["_target_"], base, f"{group}._target_")
    arguments = {name: value for name, value in spec.items() if name != "_target_"}
    try:
        inspect.signature(cls).bind(**given, **arguments)
    except TypeError as error:
        known = [p.name for p in inspect.signature(cls).parameters.values() if p.kind is not p.VAR_KEYWORD]
        for name in arguments:
            if name not in known:
                raise UserError(f"{group}.{name} is no option of {spec['_target_']}.{did_you_mean(name, known)}") from error
        raise UserError(f"{group} does not fit {spec['_target_']}: {error}.") from error
    return cls(**given, **arguments)
