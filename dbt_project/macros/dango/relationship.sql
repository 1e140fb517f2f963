{#-
    Generic test: each combination of `columns` stands in `to_columns` of another model, as dbt's own
    `relationships` has it for one column. Rows with a null among the columns point nowhere.

    data_tests:
      - dango_relationship:
          arguments:
            columns: [time_hour, origin]
            to: ref('stg_nyc_flights__weather')
            to_columns: [time_hour, origin]
-#}
{% test dango_relationship(model, columns, to, to_columns) %}
    select child.*
    from {{ model }} as child
    where
        {% for column in columns -%}
            child.{{ adapter.quote(column) }} is not null and
        {% endfor -%}
        not exists (
            select 1
            from {{ to }} as parent
            where
                {% for column in columns -%}
                    parent.{{ adapter.quote(to_columns[loop.index0]) }}
                    = child.{{ adapter.quote(column) }}
                    {%- if not loop.last %} and {% endif %}
                {% endfor %}
        )
{% endtest %}
