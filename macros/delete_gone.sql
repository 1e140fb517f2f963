{#-
    Hook of an incremental staging model: deletes its rows that are not there any more, since dlt
    has replaced or deleted them, or their load, in the warehouse. Where dbt shows the model only a
    part of its source (`--empty`, `--sample`), nothing is deleted.

    column: a column of the model, as SQL has it; a row stays if its value is found in
    relation, other: this column of this relation; default the column of the same name.
    nullable: whether a text column may be null, which is then a value like others.
-#}
{% macro dango_delete_gone(column, relation, other=none, nullable=false) %}
    {%- if is_incremental() and relation.limit is none and not relation.event_time_filter -%}
        {%- set other = other or column -%}
        delete from {{ this }}
        where
            {% if nullable %}
                coalesce({{ column }}, '') not in (
                    select coalesce({{ other }}, '') from {{ relation }}
                )
            {% else %}
                {{ column }} not in (
                    select {{ other }} from {{ relation }} where {{ other }} is not null
                )
            {% endif %}
    {%- endif -%}
{% endmacro %}
