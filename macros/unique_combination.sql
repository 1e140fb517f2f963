{#-
    Generic test: no two rows agree in all of `columns`. Nulls are compared as values. Columns are
    given as SQL has them: one that needs quotes comes with them, as in '"order"'.

    data_tests:
      - dango_unique_combination:
          arguments:
            columns: [time_hour, origin]
-#}
{% test dango_unique_combination(model, columns) %}
    select {{ columns | join(", ") }}, count(*) as number_of_rows
    from {{ model }}
    group by {{ columns | join(", ") }}
    having count(*) > 1
{% endtest %}
