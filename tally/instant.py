"""Instants as integer milliseconds, and their one written form."""

MS_PER_DAY = 86_400_000


def written(at_ms: int) -> str:
    """ISO 8601 in UTC with milliseconds. Integers only: a journal replayed anywhere prints the same.

    Source: Howard Hinnant, "chrono-compatible low-level date algorithms", civil_from_days.
    """
    days, ms = divmod(at_ms, MS_PER_DAY)
    era, day_of_era = divmod(days + 719_468, 146_097)
    year_of_era = (day_of_era - day_of_era // 1_460 + day_of_era // 36_524 - day_of_era // 146_096) // 365
    day_of_year = day_of_era - (365 * year_of_era + year_of_era // 4 - year_of_era // 100)
    shifted_month = (5 * day_of_year + 2) // 153
    day = day_of_year - (153 * shifted_month + 2) // 5 + 1
    month = shifted_month + 3 if shifted_month < 10 else shifted_month - 9
    year = year_of_era + era * 400 + (month <= 2)
    seconds, millis = divmod(ms, 1_000)
    minutes, second = divmod(seconds, 60)
    hour, minute = divmod(minutes, 60)
    return f"{year:04d}-{month:02d}-{day:02d}T{hour:02d}:{minute:02d}:{second:02d}.{millis:03d}Z"
