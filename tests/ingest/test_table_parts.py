"""A long table in parts: together they say what the whole says, line by line."""

from hypothesis import example, given
from hypothesis import strategies as st

from ingest.decoders.csv_table import Options
from ingest.table_parts import parts

HEAD = "# from the lab\ntime,device,pm2_5\n"


def lines_of(payload: bytes) -> list[bytes]:
    return payload.splitlines(keepends=True)


def test_every_part_begins_with_the_lines_above_the_data() -> None:
    table = (HEAD + "".join(f"2026-11-22T10:{n:02d},a,{n}\n" for n in range(60))).encode()
    found = list(parts(table, Options(skip_lines=1), 300))
    assert len(found) > 3
    assert all(part.payload.startswith(HEAD.encode()) for part in found)
    assert all(len(part.payload) <= 300 for part in found)


def test_a_line_of_a_part_is_found_again_in_the_file() -> None:
    table = (HEAD + "".join(f"2026-11-22T10:{n:02d},a,{n}\n" for n in range(60))).encode()
    whole = lines_of(table)
    for part in parts(table, Options(skip_lines=1), 300):
        for number, line in enumerate(lines_of(part.payload), 1):
            assert whole[part.line(number) - 1] == line


def test_a_cell_with_ends_of_lines_stays_in_one_part() -> None:
    row = '2026-11-22T10:00,"a\nb\nc",1\n'
    table = ("time,device,pm2_5\n" + row * 20).encode()
    for part in parts(table, Options(), 120):
        assert part.payload.count(b'"') % 2 == 0


def test_a_quote_that_nobody_closes_does_not_swallow_the_rest() -> None:
    rows = "".join(f"2026-11-22T10:{n:02d},a,{n}\n" for n in range(60))
    table = ('time,device,pm2_5\n2026-11-22T10:00,"a,1\n' + rows).encode()
    assert len(list(parts(table, Options(), 300))) > 3


@given(
    text=st.text(alphabet='ab,";\n\r \t', max_size=400),
    skip=st.integers(0, 5),
    largest=st.integers(1, 200),
)
@example(text=";\r;\n\n", skip=0, largest=1)
def test_nothing_is_lost_and_nothing_stands_twice(text: str, skip: int, largest: int) -> None:
    payload = text.encode()
    found = list(parts(payload, Options(skip_lines=skip), largest))
    whole, head = lines_of(payload), found[0].head
    assert [line for part in found for line in lines_of(part.payload)[head:]] == whole[head:]
    assert all(lines_of(part.payload)[:head] == whole[:head] for part in found)
