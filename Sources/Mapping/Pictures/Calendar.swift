/// The proleptic Gregorian calendar, in UTC and milliseconds since 1970.
struct CivilTime {
    static let day = 86_400_000
    /// How far from 1970 dates reach, in milliseconds: as far as JavaScript's.
    static let farthest = 8_640_000_000_000_000

    var year: Int
    /// From 1.
    var month: Int
    /// Of the month, from 1.
    var day: Int
    /// Milliseconds since midnight.
    var time: Int

    init(milliseconds: Int) {
        let days = Int((Double(milliseconds) / Double(Self.day)).rounded(.down))
        time = milliseconds - days * Self.day
        // Days from 0000-03-01, in eras of 400 years (Hinnant's algorithm).
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// Milliseconds of midnight; months and days beyond their range count on.
    static func milliseconds(_ year: Int, _ month: Int, _ day: Int) -> Int {
        let months = year * 12 + month - 1
        let year = Int((Double(months) / 12).rounded(.down))
        let month = months - year * 12 + 1
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return (era * 146_097 + dayOfEra - 719_468 + day - 1) * Self.day
    }

    static func daysInMonth(_ year: Int, _ month: Int) -> Int {
        (milliseconds(year, month + 1, 1) - milliseconds(year, month, 1)) / Self.day
    }

    var midnight: Int { Self.milliseconds(year, month, day) }
    var dayOfYear: Int { (midnight - Self.milliseconds(year, 1, 1)) / Self.day + 1 }
    /// Monday is 1, Sunday 7 (ISO 8601).
    var dayOfWeek: Int { Self.dayOfWeek(midnight) }

    private static func dayOfWeek(_ milliseconds: Int) -> Int {
        let days = Int((Double(milliseconds) / Double(day)).rounded(.down))
        return ((days + 3) % 7 + 7) % 7 + 1
    }

    /// The Monday of the first week of a year or month: the week that holds its first Thursday.
    private static func firstWeek(_ year: Int, _ month: Int) -> Int {
        let first = milliseconds(year, month, 1)
        let weekday = dayOfWeek(first)
        return weekday > 4 ? first + (8 - weekday) * day : first - (weekday - 1) * day
    }

    /// The week of the year (ISO 8601).
    var weekOfYear: Int {
        if midnight >= Self.firstWeek(year + 1, 1) { return 1 }
        let start = midnight < Self.firstWeek(year, 1) ? Self.firstWeek(year - 1, 1) : Self.firstWeek(year, 1)
        return (midnight - start) / (7 * Self.day) + 1
    }

    /// The week of the month, by the same rule.
    var weekOfMonth: Int {
        if midnight >= Self.firstWeek(year, month + 1) { return 1 }
        let start =
            midnight < Self.firstWeek(year, month) ? Self.firstWeek(year, month - 1) : Self.firstWeek(year, month)
        return (midnight - start) / (7 * Self.day) + 1
    }

    /// The year that the week belongs to.
    var weekYear: Int {
        midnight < Self.firstWeek(year, 1) ? year - 1 : midnight >= Self.firstWeek(year + 1, 1) ? year + 1 : year
    }

    /// The month that the week belongs to.
    var weekMonth: Int {
        if midnight < Self.firstWeek(year, month) { return month == 1 ? 12 : month - 1 }
        if midnight >= Self.firstWeek(year, month + 1) { return month == 12 ? 1 : month + 1 }
        return month
    }

    var hour: Int { time / 3_600_000 }
    var minute: Int { time / 60_000 % 60 }
    var second: Int { time / 1000 % 60 }
    var millisecond: Int { time % 1000 }
}
