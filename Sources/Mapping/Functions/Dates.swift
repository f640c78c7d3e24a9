import Document

/// Times: milliseconds since 1970 in UTC, and their texts. The clock is never asked: the record's time is (I11).
enum Dates {
    private static let iso = "[Y0001]-[M01]-[D01]T[H01]:[m01]:[s01].[f001][Z01:01t]"

    static let functions: [Function] = [
        Function(
            "now", "<s?s?:s>", "The record's time as text: ISO 8601 in UTC, or after a picture and at a time zone.",
            arity: 2,
            examples: [
                .init("$now()", #""2025-01-31T12:00:00.000Z""#), .init("$now(\"[Y0001]/[M01]\")", #""2025/01""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            try format(
                &machine, machine.context.milliseconds, machine.argument(arguments, 0), machine.argument(arguments, 1))
        },
        Function(
            "millis", "<:n>", "The record's time in milliseconds since 1970-01-01 UTC.",
            examples: [.init("$millis()", "1738324800000")]
        ) { (machine, arguments) throws(MappingFailure) in
            machine.value(machine.context.milliseconds)
        },
        Function(
            "fromMillis", "<n-s?s?:s>",
            "A time in milliseconds as text: ISO 8601, or after a picture and at a time zone.",
            examples: [
                .init("$fromMillis(1510067557121)", #""2017-11-07T15:12:37.121Z""#),
                .init(
                    "$fromMillis(1510067557121, \"[D1o] [MNn] [Y] [h]:[m01] [PN] [z]\", \"-0500\")",
                    #""7th November 2017 10:12 AM GMT-05:00""#),
                .init("$fromMillis(1510067557121, \"[X]-W[W01]-[F1], [FNn,3-3]\")", #""2017-W45-2, Tue""#),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            if value.isUndefined { return value }
            // A fraction of a millisecond is cut off, before 1970 too.
            let number = machine.number(value)
            guard let whole = number.rounded(number.isNegative ? .up : .down).integer else { throw outOfRange(machine) }
            return try format(&machine, whole, machine.argument(arguments, 1), machine.argument(arguments, 2))
        },
        Function(
            "toMillis", "<s-s?:n>",
            "The milliseconds that a text means: ISO 8601, or after a picture. Without a zone: UTC.",
            examples: [
                .init("$toMillis(\"2017-11-07T15:12:37.121Z\")", "1510067557121"),
                .init("$toMillis(\"2025-01-31\")", "1738281600000"),
                .init("$toMillis(\"31.1.2025 14:30\", \"[D].[M].[Y] [H]:[m]\")", "1738333800000"),
                .init("$toMillis(\"20250131\", \"[Y0001][M01][D01]\")", "1738281600000"),
                .init("$toMillis(\"soon\", \"[Y]\")", nil),
                .init("$toMillis(\"06-22111111110\", \"[Y]-[M01]\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            let picture = machine.argument(arguments, 1)
            if value.isUndefined { return value }
            if picture.isString {
                let reader = try machine.dateReader(machine.text(picture))
                let text = machine.text(value)
                let now = machine.context.milliseconds
                let read = try machine.checked { () throws(PictureError) in try reader.read(text, now: now) }
                return read.map { machine.value($0) } ?? .undefined
            }
            guard let milliseconds = milliseconds(machine.utf8(value)) else {
                throw machine.failure("D3110", "$toMillis expects an ISO 8601 date and time, as 2025-01-31T12:00:00Z")
            }
            return machine.value(milliseconds)
        },
    ]

    private static func format(
        _ machine: inout Machine, _ milliseconds: Int, _ picture: Value, _ zone: Value
    ) throws(MappingFailure) -> Value {
        guard milliseconds.magnitude <= CivilTime.farthest else { throw outOfRange(machine) }
        let date = try machine.datePicture(picture.isString ? machine.text(picture) : iso)
        let offset = zone.isString ? offset(machine.text(zone)) : 0
        guard let offset else {
            throw machine.failure("D3134", "a time zone is written as +hhmm or -hhmm")
        }
        return try machine.string(
            try machine.checked { () throws(PictureError) in try date.format(milliseconds, offset: offset) })
    }

    private static func outOfRange(_ machine: borrowing Machine) -> MappingFailure {
        machine.failure("D3110", "the time is out of range")
    }

    /// `+hhmm`, `-hhmm`, `+hh:mm` or `Z` in minutes.
    private static func offset(_ zone: String) -> Int? {
        if zone == "Z" || zone.isEmpty { return 0 }
        let digits = zone.filter { $0 != ":" && $0 != "+" && $0 != "-" }
        guard let number = Int(digits), number < 2400 else { return nil }
        return (zone.hasPrefix("-") ? -1 : 1) * (number / 100 * 60 + number % 100)
    }

    /// An ISO 8601 date, or date and time, in milliseconds.
    static func milliseconds(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
        var at = 0
        func digits(_ count: Int) -> Int? {
            guard at + count <= text.count else { return nil }
            var value = 0
            for place in at..<at + count {
                guard text[place] &- 48 < 10 else { return nil }
                value = value * 10 + Int(text[place] - 48)
            }
            at += count
            return value
        }
        func takes(_ letter: Unicode.Scalar) -> Bool {
            guard at < text.count, text[at] == UInt8(ascii: letter) else { return false }
            at += 1
            return true
        }
        guard let year = digits(4) else { return nil }
        var month = 1
        var day = 1
        if at < text.count, text[at] == UInt8(ascii: "-"), !isZone(text, at) {
            at += 1
            guard let value = digits(2), (1...12).contains(value) else { return nil }
            month = value
            if at < text.count, text[at] == UInt8(ascii: "-"), !isZone(text, at) {
                at += 1
                guard let value = digits(2), value >= 1, value <= CivilTime.daysInMonth(year, month) else { return nil }
                day = value
            }
        }
        var time = 0
        if takes("T") {
            guard let hour = digits(2), takes(":"), let minute = digits(2), takes(":"), let second = digits(2),
                hour < 24 || (hour == 24 && minute == 0 && second == 0), minute < 60, second < 60
            else { return nil }
            time = ((hour * 60 + minute) * 60 + second) * 1000
        }
        if takes(".") {
            var place = 100
            let start = at
            while at < text.count, text[at] &- 48 < 10 {
                time += Int(text[at] - 48) * place
                place /= 10
                at += 1
            }
            if at == start { return nil }
        }
        var offset = 0
        if at < text.count, !takes("Z") {
            let isNegative = text[at] == UInt8(ascii: "-")
            guard isNegative || text[at] == UInt8(ascii: "+") else { return nil }
            at += 1
            guard let hours = digits(2) else { return nil }
            _ = takes(":")
            guard let minutes = digits(2) else { return nil }
            offset = (isNegative ? -1 : 1) * (hours * 60 + minutes)
        }
        guard at == text.count else { return nil }
        return CivilTime.milliseconds(year, month, day) + time - offset * 60_000
    }

    /// Whether a minus begins a time zone at the end, as in `2025-01:00`, not a month or day.
    private static func isZone(_ text: UnsafeBufferPointer<UInt8>, _ at: Int) -> Bool {
        let rest = text.count - at
        return (rest == 6 && text[at + 3] == UInt8(ascii: ":")) || (rest == 5 && text[at + 3] != UInt8(ascii: "-"))
    }
}
