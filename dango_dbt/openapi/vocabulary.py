"""The words that APIs use for pages, times and records, as identifiers."""

from __future__ import annotations

__all__ = [
    "AROUND",
    "BESIDE",
    "CHANGED",
    "CHANGE_TIMES",
    "CURSORS",
    "LAST_KEYS",
    "MADE",
    "MADE_TIMES",
    "MORE",
    "OFFSETS",
    "PAGES",
    "PAGE_SIZES",
    "RECORDS",
    "SURE_PAGING",
    "TOTAL_PAGES",
    "TOTAL_ROWS",
]


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CURSORS = _words("""
    cursor next_cursor page_cursor start_cursor page_token next_token next_page_token token
    continuation continuation_token after starting_after start_after page_after start_key
    exclusive_start_key last_key marker batch_token scroll_param scroll_id scroll bookmark
    position next
""")
LAST_KEYS = _words("starting_after after start_after last_id after_id")
OFFSETS = _words("offset skip start start_at start_index from first_result page_offset")
PAGES = _words("page page_number page_num page_no page_index p pg current_page")
PAGE_SIZES = _words("""
    limit per_page page_size page_limit size count max_results take top results_per_page max
    maximum rows page_count items_per_page num maxitems max_items
""")
SURE_PAGING = (CURSORS | OFFSETS | PAGES | PAGE_SIZES) - _words(
    "token position next from start max num rows count"
)
"""Parameters that can only ask for pages, and not for something else."""

TOTAL_PAGES = _words("total_pages page_count pages last_page num_pages pages_count")
TOTAL_ROWS = _words("total total_count total_items total_results total_records total_size")
MORE = _words("has_more has_next has_next_page more has_more_items more_items_available")

RECORDS = _words("""
    data items item results result records entries rows list value values content objects elements
    resources entities collection hits
""")
"""Names that only lists of records have."""

BESIDE = _words("""
    errors warnings links included messages notices facets aggregations filters sort
""")
"""Lists that stand beside the records."""

AROUND = (
    r"type|object|kind|self|href|url|uri|success|status|ok|message|code|version|etag|errors?"
    r"|warnings?|first|last|links?|meta|metadata|summary|info|query|sort|filters?|included"
    r"|(\w+_)?(total|count|pages?|limit|offset|next|prev|previous|cursor|cursors|more|paging"
    r"|pagination|token|size|request|number|took)(_\w+)?"
)
"""What stands around a list, and not in a record."""

CHANGED = "updated|modified|changed|update|last_updated|last_modified|last_update"
MADE = "created|create|creation|added|inserted"

_IN_ORDER = str.split  # the surest first

CHANGE_TIMES = _IN_ORDER("""
    updated_at updated modified_at modified last_modified last_modified_at last_updated
    last_updated_at last_modified_date last_modified_time update_time updated_time updated_on
    modified_on changed_at update_date updated_date modified_date date_modified date_updated
    updated_timestamp modified_time modification_date last_update_time
""")
MADE_TIMES = _IN_ORDER("""
    created_at created create_time created_time created_on date_created creation_date created_date
    creation_time created_timestamp inserted_at added_at date_added timestamp
""")
