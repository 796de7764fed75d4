"""All working days of 2025 and 2026 as the published package says, one a line."""

import datetime

import chinese_calendar

day = datetime.date(2025, 1, 1)
while day.year < 2027:
    if chinese_calendar.is_workday(day):
        print(day)
    day += datetime.timedelta(days=1)
