"""What could make Spark come to another number than DuckDB, piece by piece."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pytest

from tallystick.evaluation.dialect import decimal_of_steps, name, number, text, texts
from tallystick.evaluation.engine import NUMBER, TEXT, TIME, WHOLE, DuckDB, Engine, EngineFailed
from tallystick.evaluation.spark import Spark
from tallystick.facts.tables import Facts

if TYPE_CHECKING:
    from pyspark.sql import SparkSession


TEXTS = ["", "it's", "a\\b", "\\", "\\'", "${spark.app.name}", "$", "two\nlines", "ä€😀", '"', "%_", "a''b", "\\u0041"]


@pytest.fixture
def engines(spark: SparkSession) -> tuple[Engine, Engine]:
    facts = Facts(duckdb.connect(), frozenset())
    return DuckDB(facts.connection), Spark(spark.newSession(), facts)


def both(engines: tuple[Engine, Engine], expression: str) -> Any:
    """What both engines come to, which must be the same."""
    found = [engine.rows(f"SELECT {expression}") for engine in engines]
    assert found[0] == found[1]
    return found[0]


@pytest.mark.parametrize("given", TEXTS)
def test_a_text_is_the_same_text_everywhere(engines: tuple[Engine, Engine], given: str) -> None:
    assert both(engines, text(given)) == [(given,)]
    assert both(engines, f"{text(given)} IN {texts([*TEXTS, 'other'])}") == [(True,)]


def test_names_may_hold_anything_but_capitals_that_differ(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        odd = name('d_a "b"`c')
        handed = engine.hand_over({'d_a "b"`c': TEXT, "group": TIME}, [("x", 1)])
        assert engine.rows(f'SELECT {odd}, "group" FROM {handed}') == [("x", 1)]


def test_constants_of_38_digits_stay_what_they_are(engines: tuple[Engine, Engine]) -> None:
    for exact in ("99999999999999999999999999999.999999999", "-0.000000001", "123456789012345678.123456789"):
        assert both(engines, number(Decimal(exact))) == [(Decimal(exact),)]
    assert both(engines, decimal_of_steps("9223372036854775807")) == [(Decimal("9223372036.854775807"),)]


def test_products_and_sums_keep_every_digit(engines: tuple[Engine, Engine]) -> None:
    """Spark drops decimal places of large decimals unless it is told not to."""
    rows = [(Decimal("12345678901234567890.123456789"),), (Decimal("0.000000001"),)]
    for engine in engines:
        handed = engine.hand_over({"v": NUMBER}, rows)
        assert engine.rows(f"SELECT sum(v), max(v * 1000000000) FROM {handed}") == [
            (Decimal("12345678901234567890.123456790"), Decimal(12345678901234567890123456789))
        ]


def test_a_sum_goes_beyond_64_bits(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        handed = engine.hand_over({"v": TIME}, [(2**63 - 1,)] * 3)
        assert engine.rows(f"SELECT {engine.dialect.total('v')} FROM {handed}") == [(3 * (2**63 - 1),)]


def test_a_number_that_does_not_fit_is_an_error(spark: SparkSession) -> None:
    """Spark without ANSI mode would give NULL, and a breach would go unseen."""
    engine = Spark(spark.newSession(), Facts(duckdb.connect(), frozenset()))
    handed = engine.hand_over({"v": WHOLE}, [(Decimal(10**37),)])
    with pytest.raises(EngineFailed, match="NUMERIC_VALUE_OUT_OF_RANGE"):
        engine.rows(f"SELECT v * v FROM {handed}")


def test_quotients_are_whole_and_exact(engines: tuple[Engine, Engine]) -> None:
    """Divided as binary fractions, 9007199254740993 would lose its last digit."""
    pairs = [(2**53 + 1, 1), (2**63 - 1, 10), (-7, 2), (7, 2), (0, 5), (10**18, 3)]
    wide = [(10**27 - 1, 7), (10**27, 10**12), (5, 7), (2**63, 2**31)]
    for engine in engines:
        handed = engine.hand_over({"n": TIME, "d": TIME}, pairs)
        found = engine.rows(f"SELECT n, d, {engine.dialect.quotient('n', 'd')} FROM {handed}")
        assert all(quotient == abs(n) // d * (1 if n >= 0 else -1) for n, d, quotient in found)
        handed = engine.hand_over({"n": WHOLE, "d": TIME}, wide)
        found = engine.rows(f"SELECT n, d, {engine.dialect.wide_quotient('n', 'd')} FROM {handed}")
        assert all(quotient == int(n) // d for n, d, quotient in found)


def test_nearest_ranks_are_counted_in_whole_numbers(engines: tuple[Engine, Engine]) -> None:
    """100 times 0.07 is 7.000000000000001 as a binary number: Spark's own percentile would take the eighth."""
    chance = random.Random(7)
    shares = [Fraction(7, 100), Fraction(1, 2), Fraction(95, 100), Fraction(100, 100)]
    rows = [(group, chance.randrange(40)) for group, size in (("a", 100), ("b", 1), ("c", 37)) for _ in range(size)]
    for engine in engines:
        handed = engine.hand_over({"g": TEXT, "v": TIME}, rows)
        found = engine.rows(f"{engine.dialect.nearest_ranks(['g'], 'v', shares, handed)} ORDER BY g")
        for group, *ranked in found:
            own = sorted(value for of, value in rows if of == group)
            assert ranked == [own[-(-len(own) * s.numerator // s.denominator) - 1] for s in shares]
        one = engine.rows(f"SELECT {engine.dialect.order_statistic('v', Decimal(7))} FROM {handed} WHERE g = 'a'")
        assert one == [(sorted(value for of, value in rows if of == "a")[6],)]
        none = engine.rows(f"SELECT {engine.dialect.order_statistic('v', Decimal(7))} FROM {handed} WHERE g = 'z'")
        assert none == [(None,)]


def test_the_latest_of_several_is_the_greatest(engines: tuple[Engine, Engine]) -> None:
    rows = [(1, Decimal(9)), (2, Decimal(4)), (2, Decimal(5)), (3, None)]
    for engine in engines:
        handed = engine.hand_over({"time": TIME, "v": NUMBER}, rows)
        [(newest,)] = engine.rows(f"SELECT {engine.dialect.latest('TRUE', 'v')} FROM {handed}")
        assert (newest["t"], newest["v"]) == (2, 5)


def test_a_digest_is_of_the_text_in_utf_8(engines: tuple[Engine, Engine]) -> None:
    for engine in engines:
        found = engine.rows(f"SELECT {engine.dialect.digest(text('ä€😀') + ' || chr(31)')}")
        assert found == [(sha256("ä€😀\x1f".encode()).hexdigest(),)]


def test_texts_stand_in_the_order_of_their_code_points(engines: tuple[Engine, Engine]) -> None:
    rows = [(each,) for each in ("b", "B", "ä", "a", "\uffff", "😀", "")]
    for engine in engines:
        handed = engine.hand_over({"v": TEXT}, rows)
        found = [value for (value,) in engine.rows(f"SELECT v FROM {handed} ORDER BY v")]
        assert found == sorted(each for (each,) in rows)


def test_tables_without_rows_and_missing_values_go_over(engines: tuple[Engine, Engine]) -> None:
    columns = {"t": TEXT, "n": NUMBER, "w": WHOLE, "b": pa.bool_()}
    for engine in engines:
        assert engine.rows(f"SELECT * FROM {engine.hand_over(columns, [])}") == []
        assert engine.rows(f"SELECT * FROM {engine.hand_over(columns, [(None,) * 4])}") == [(None,) * 4]


def test_nothing_is_left_behind(spark: SparkSession) -> None:
    session = spark.newSession()
    with Spark(session, Facts(duckdb.connect(), frozenset())) as engine:
        engine.create("SELECT 1 AS one")
        lasting = engine.create("SELECT 2 AS two", stays=True)
        assert len(engine.rows("SHOW VIEWS")) == 2
    assert [row[1] for row in engine.rows("SHOW VIEWS")] == [lasting.strip('"')]
    engine.drop([lasting])
    assert engine.rows("SHOW VIEWS") == []
