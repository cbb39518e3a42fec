"""Instants, numbers and texts in columns, written as `to_json` writes them one by one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from fractions import Fraction
from math import gcd
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tallystick.evaluation.clock import NEVER, SECOND, localized
from tallystick.evaluation.dialect import PLACES
from tallystick.evaluation.moving import offsets
from tallystick.evaluation.numbers import shown
from tallystick.evaluation.to_json import number_text
from tallystick.quantities import Unit

if TYPE_CHECKING:
    import pyarrow as pa

_SECONDS = len("2027-01-01T00:00:00")
_MOST = 2**62


def instants(at: pa.ChunkedArray, zone: ZoneInfo | None) -> pa.ChunkedArray:
    """Microseconds since 1970 in UTC as ISO 8601 in a timezone (without one: in UTC, with a Z); nothing for what never
    comes."""
    import pyarrow as pa
    from pyarrow import compute

    at = compute.if_else(compute.less(compute.abs(at), NEVER), at, None)
    ends = compute.min_max(at).as_py()
    if ends["min"] is None:
        return pa.chunked_array([pa.nulls(len(at), pa.string())])
    first, later = offsets(zone, ends["min"], ends["max"]) if zone else (0, ())
    shift, named = pa.scalar(first), pa.scalar(_offset_text(ends["min"], zone))
    for since, offset in later:
        reached = compute.greater_equal(at, since)
        shift = compute.if_else(reached, offset, shift)
        named = compute.if_else(reached, _offset_text(since, zone), named)
    local = compute.cast(compute.add(at, shift).cast(pa.timestamp("us")), pa.string())
    written = compute.replace_substring(local, " ", "T")
    whole = compute.ends_with(written, "." + "0" * 6)
    written = compute.if_else(whole, compute.utf8_slice_codeunits(written, 0, _SECONDS), written)
    return compute.binary_join_element_wise(written, named, "")


def _offset_text(at: int, zone: ZoneInfo | None) -> str:
    """`+01:00`, or `Z`."""
    return "Z" if zone is None else localized(at // SECOND * SECOND, zone).isoformat()[_SECONDS:]


def times_in(value: pa.ChunkedArray, unit: Unit) -> pa.ChunkedArray:
    """Times in microseconds in a unit, rounded half-even to nine places."""
    import pyarrow as pa
    from pyarrow import compute

    common = gcd(10**PLACES, unit.factor)
    times, of = 10**PLACES // common, unit.factor // common
    ends = compute.min_max(value).as_py()
    if ends["min"] is None:
        return pa.chunked_array([pa.nulls(len(value), pa.string())])
    if ends["min"] < 0 or ends["max"] * times > _MOST:
        texts = [None if one is None else number_text(shown(Fraction(one), unit.factor)) for one in value.to_pylist()]
        return pa.chunked_array([pa.array(texts, pa.string())])
    exact = compute.multiply(value, times)
    whole = compute.divide(exact, of)
    twice = compute.multiply(compute.subtract(exact, compute.multiply(whole, of)), 2)
    odd = compute.not_equal(compute.bit_wise_and(whole, 1), 0)
    up = compute.or_(compute.greater(twice, of), compute.and_(compute.equal(twice, of), odd))
    return decimals(compute.add(whole, compute.cast(up, pa.int64())))


def decimals(steps: pa.Array | pa.ChunkedArray) -> pa.Array | pa.ChunkedArray:
    """Whole numbers of steps of 10^-9 as `number_text` writes them."""
    from pyarrow import compute

    written = compute.cast(steps, "string")
    digits = compute.utf8_lpad(compute.utf8_ltrim(written, "-"), PLACES + 1, "0")
    sign = compute.if_else(compute.starts_with(written, "-"), "-", "")
    whole, part = compute.utf8_slice_codeunits(digits, 0, -PLACES), compute.utf8_slice_codeunits(digits, -PLACES)
    joined = compute.binary_join_element_wise(compute.binary_join_element_wise(sign, whole, ""), part, ".")
    return compute.utf8_rtrim(compute.utf8_rtrim(joined, "0"), ".")


def objects(texts: Mapping[str, pa.ChunkedArray], length: int) -> pa.ChunkedArray:
    """JSON objects of texts by name, without those that are missing."""
    import pyarrow as pa
    from pyarrow import compute

    if not texts:
        return pa.chunked_array([pa.array(["{}"]).take(pa.repeat(pa.scalar(0), length))])
    pairs = [
        compute.fill_null(
            compute.binary_join_element_wise(f", {json.dumps(name, ensure_ascii=False)}: ", _quoted(column), ""), ""
        )
        for name, column in texts.items()
    ]
    joined = compute.utf8_slice_codeunits(compute.binary_join_element_wise(*pairs, ""), len(", "))
    return compute.binary_join_element_wise("{", joined, "}", "")


def _quoted(texts: pa.ChunkedArray) -> pa.ChunkedArray:
    """Texts as JSON. Few have a character that is written otherwise."""
    import pyarrow as pa
    from pyarrow import compute

    plain = compute.binary_join_element_wise('"', texts, '"', "")
    special = compute.match_substring_regex(texts, r'["\\\x00-\x1f]')
    if not compute.any(special).as_py():
        return plain
    escaped = pa.array([json.dumps(text, ensure_ascii=False) for text in compute.filter(texts, special).to_pylist()])
    mask = compute.fill_null(special, False).combine_chunks()
    return pa.chunked_array([compute.replace_with_mask(plain.combine_chunks(), mask, escaped)])
