{#-
    Hook of an incremental staging model: deletes its rows that are not there any more, since dlt
    has replaced or deleted them, or their load, in the warehouse. Rows of a load that dlt has not
    finished go as well, and come whole when it has: dlt lists what it has finished in `_dlt_loads`,
    and gives newer loads higher ids. Where dbt shows the model only a part of its source (`--empty`,
    `--sample`), nothing is deleted.

    load_id: the model's column with the load's id, as SQL has it.
    column: a column of the model; a row stays if its value, or null, is found in
    relation, other: this column of this relation; default the same column of the model's source.
-#}
{% macro dango_delete_gone(load_id, column, relation=none, other=none) %}
    {%- set raw = source(*model.sources[0]) if execute -%}
    {%- if execute and raw.limit is none and not raw.event_time_filter -%}
        {%- set loads = raw.incorporate(path={"identifier": "_dlt_loads"}) -%}
        {%- set relation = relation or raw -%}
        {%- set other = other or column -%}
        delete from {{ this }}
        where
            {{ load_id }} > (select coalesce(max(load_id), '') from {{ loads }} where status = 0)
            {% if is_incremental() -%}
                or {{ column }} not in (
                    select {{ other }} from {{ relation }} where {{ other }} is not null
                )
                or (
                    {{ column }} is null
                    and not exists (select 1 from {{ relation }} where {{ other }} is null)
                )
            {%- endif %}
    {%- endif -%}
{% endmacro %}
