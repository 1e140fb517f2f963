{#-
    Generic test: each combination of `columns` stands in `to_columns` of another model, as dbt's own
    `relationships` has it for one column. Rows with a null among the columns point nowhere. Columns
    are given as SQL has them: one that needs quotes comes with them, as in '"order"'.

    data_tests:
      - dango_relationship:
          arguments:
            columns: [time_hour, origin]
            to: ref('stg_nyc_flights__weather')
            to_columns: [time_hour, origin]
-#}
{% test dango_relationship(model, columns, to, to_columns) %}
    with child as (select * from {{ model }}), parent as (select * from {{ to }})
    select child.*
    from child
    where
        {% for column in columns -%}
            child.{{ column }} is not null and
        {% endfor -%}
        not exists (
            select 1
            from parent
            where
                {% for column in columns -%}
                    parent.{{ to_columns[loop.index0] }}
                    = child.{{ column }}
                    {%- if not loop.last %} and {% endif %}
                {% endfor %}
        )
{% endtest %}
