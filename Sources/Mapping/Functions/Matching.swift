import Document
import Patterns

/// Searching in strings: by a string, by a regular expression, or by a function that finds matches as one does.
enum Matching {
    static let functions: [Function] = [
        Function(
            "contains", "<s-(sf):b>", "Whether a string or a regular expression occurs in a string.",
            examples: [
                .init("$contains(\"abracadabra\", \"bra\")", "true"), .init("$contains(\"abc\", /B/i)", "true"),
                .init("$contains(\"abc\", /^b/)", "false"), .init("$contains(nothing, \"a\")", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let text = machine.argument(arguments, 0)
            let token = machine.argument(arguments, 1)
            if text.isUndefined || token.isUndefined { return .undefined }
            if token.isString { return Value(machine.find(token, in: text, from: 0) != nil) }
            var matcher = Matcher(token, text)
            return Value(try matcher.next(&machine) != nil)
        },
        Function(
            "split", "<s-(sf)n?:a<s>>", "The parts of a string between separators, at most so many.",
            examples: [
                .init("$split(\"a, b, c\", \", \")", #"["a","b","c"]"#),
                .init("$split(\"a;b,c\", /[;,]/, 2)", #"["a","b"]"#),
                .init("$split(\"abc\", \"\")", #"["a","b","c"]"#), .init("$split(nothing, \",\")", nil),
            ], split),
        Function(
            "match", "<s-f<s:o>n?:a<o>>", "Where a regular expression matches: the text, its position, its groups.",
            examples: [
                .init(
                    "$match(\"ababbxabb\", /a(b+)/, 2)",
                    #"[{"match":"ab","index":0,"groups":["b"]},{"match":"abb","index":2,"groups":["bb"]}]"#),
                .init("$match(\"abc\", /x/)", nil),
            ], match),
        Function(
            "replace", "<s-(sf)(sf)n?:s>",
            "A string with each match replaced: by a string (`$1` is the first group), or by what a function makes of it.",
            examples: [
                .init("$replace(\"John Smith\", \"John\", \"Mr\")", #""Mr Smith""#),
                .init("$replace(\"265USD\", /([0-9]+)USD/, \"$$$1\")", #""$265""#),
                .init("$replace(\"a-b-c\", \"-\", \"\", 1)", #""ab-c""#),
                .init("$replace(\"temp = 68F\", /(\\d+)F/, function($m) { $m.groups[0] & \" F\" })", #""temp = 68 F""#),
            ], replace),
    ]

    /// A match, in bytes of the text.
    struct Match {
        var from: Int
        var to: Int
        var groups: [Value]
        /// The match as a value, when a function made it.
        var value: Value?
    }

    /// Finds matches one after the other.
    struct Matcher {
        private let matcher: Value
        let text: Value
        private var at = 0
        private var following: Value?
        private var isFirst = true

        init(_ matcher: Value, _ text: Value) {
            self.matcher = matcher
            self.text = text
        }

        mutating func next(_ machine: inout Machine) throws(MappingFailure) -> Match? {
            let closure = machine.functions[matcher.index]
            try machine.step()
            guard closure.kind == .regex else { return try nextByFunction(&machine) }
            if !isFirst, at >= text.length { return nil }
            let found = machine.code.program.regexes[Int(closure.a)].firstMatch(in: machine.utf8(text), from: at)
            guard let found else { return nil }
            if !isFirst, found.range.isEmpty {
                throw machine.failure("D1004", "the regular expression matches nothing at all, and so without end")
            }
            isFirst = false
            at = found.range.upperBound
            let groups = found.captures.map { range in
                range.map { machine.substring(text, from: $0.lowerBound, to: $0.upperBound) } ?? .undefined
            }
            return Match(from: found.range.lowerBound, to: found.range.upperBound, groups: groups, value: nil)
        }

        /// When a limit ends the search: as the reference, which looks for one more match and tells there of a regular
        /// expression that matches nothing.
        mutating func stop(_ machine: inout Machine) throws(MappingFailure) {
            let closure = machine.functions[matcher.index]
            if closure.kind == .regex, !machine.code.program.regexes[Int(closure.a)].mayMatchEmpty { return }
            _ = try next(&machine)
        }

        private mutating func nextByFunction(_ machine: inout Machine) throws(MappingFailure) -> Match? {
            let function = following ?? matcher
            guard function.isFunction else { return nil }
            let base = machine.stack.count
            if isFirst { machine.stack.append(text) }
            isFirst = false
            let result = machine.collapsed(try machine.apply(function, from: base, .null))
            machine.stack.truncate(base)
            if result.isUndefined { return nil }
            let start = try machine.member(result, "start")
            let end = try machine.member(result, "end")
            let groups = try machine.member(result, "groups")
            following = try machine.member(result, "next")
            guard start.isNumber, end.isNumber, following!.isFunction else {
                throw machine.failure("T1010", "a matcher must give an object with match, start, end, groups and next")
            }
            let from = machine.byteOffset(text, machine.floor(start))
            let to = machine.byteOffset(text, machine.floor(end))
            var values: [Value] = []
            if machine.isArray(groups) {
                for place in 0..<machine.count(at: machine.container(groups)) {
                    values.append(machine.element(groups, place))
                }
            }
            return Match(from: from, to: max(from, to), groups: values, value: result)
        }
    }

    private static func limit(
        _ machine: inout Machine, _ arguments: Arguments, _ place: Int, _ code: String, _ function: String
    ) throws(MappingFailure) -> Int {
        let value = machine.argument(arguments, place)
        guard value.isNumber else { return .max }
        let number = machine.number(value)
        if number.isNegative, number.coefficient != 0 {
            throw machine.failure(code, "the limit of $\(function) must not be negative")
        }
        // The reference cuts a limit's fraction off for separators that are strings, else counts up to it.
        let isText = function == "split" && machine.argument(arguments, 1).isString
        return number.rounded(isText ? .down : .up).integer ?? .max
    }

    private static func split(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        let separator = machine.argument(arguments, 1)
        if text.isUndefined { return text }
        let limit = try limit(&machine, arguments, 2, "D3020", "split")
        let base = machine.stack.count
        if separator.isString {
            var at = 0
            while machine.stack.count - base < limit {
                let isEmpty = separator.length == 0
                if isEmpty, at >= text.length { break }
                let found =
                    isEmpty
                    ? at + machine.byteCount(text, from: at, 1) : machine.find(separator, in: text, from: at)
                machine.stack.append(machine.substring(text, from: at, to: found ?? text.length))
                guard let found else { break }
                at = found + separator.length
            }
            return try machine.array(from: base)
        }
        guard separator.isFunction else {
            machine.stack.append(text)
            return try machine.array(from: base)
        }
        var matcher = Matcher(separator, text)
        var start = 0
        while machine.stack.count - base < limit, let match = try matcher.next(&machine) {
            machine.stack.append(machine.substring(text, from: start, to: max(start, match.from)))
            start = match.to
            if machine.stack.count - base == limit { try matcher.stop(&machine) }
        }
        if machine.stack.count - base < limit {
            machine.stack.append(machine.substring(text, from: start, to: text.length))
        }
        return try machine.array(from: base)
    }

    private static func match(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        if text.isUndefined { return text }
        let limit = try limit(&machine, arguments, 2, "D3040", "match")
        let base = machine.stack.count
        var matcher = Matcher(machine.argument(arguments, 1), text)
        while machine.stack.count - base < limit, let match = try matcher.next(&machine) {
            let start = machine.stack.count
            machine.stack.append(try machine.string("match"))
            machine.stack.append(machine.substring(text, from: match.from, to: match.to))
            machine.stack.append(try machine.string("index"))
            machine.stack.append(Value(small: machine.characterIndex(text, match.from)))
            machine.stack.append(try machine.string("groups"))
            machine.stack.append(try machine.groups(match.groups))
            machine.stack.append(try machine.object(from: start))
            if machine.stack.count - base == limit { try matcher.stop(&machine) }
        }
        return try machine.array(from: base, flags: Value.sequence)
    }

    private static func replace(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let text = machine.argument(arguments, 0)
        let pattern = machine.argument(arguments, 1)
        let replacement = machine.argument(arguments, 2)
        if text.isUndefined { return text }
        if pattern.isString, pattern.length == 0 {
            throw machine.failure("D3010", "the second argument of $replace must not be an empty string")
        }
        if pattern.isString, replacement.isFunction {
            throw machine.failure(
                "D3012", "a function replaces what a regular expression matches, /…/; this pattern is a string")
        }
        let limit = try limit(&machine, arguments, 3, "D3011", "replace")
        // Pieces first: a replacement's function may itself write to the tape's end.
        let base = machine.stack.count
        var position = 0
        var count = 0
        if pattern.isString {
            while count < limit, let at = machine.find(pattern, in: text, from: position) {
                machine.stack.append(machine.substring(text, from: position, to: at))
                machine.stack.append(replacement.isString ? replacement : try machine.string(""))
                position = at + pattern.length
                count += 1
            }
        } else if pattern.isFunction {
            var matcher = Matcher(pattern, text)
            while count < limit, let match = try matcher.next(&machine) {
                machine.stack.append(machine.substring(text, from: position, to: max(position, match.from)))
                let piece = try substitute(&machine, text, match, replacement)
                machine.stack.append(piece)
                position = match.to
                count += 1
                if count == limit { try matcher.stop(&machine) }
            }
        }
        if count == 0 { return text }
        machine.stack.append(machine.substring(text, from: position, to: text.length))
        let offset = machine.tape.byteCount
        for place in base..<machine.stack.count { try machine.append(bytes: machine.stack[place]) }
        machine.stack.truncate(base)
        return machine.closeText(from: offset)
    }

    private static func substitute(
        _ machine: inout Machine, _ text: Value, _ match: Match, _ replacement: Value
    ) throws(MappingFailure) -> Value {
        if replacement.isFunction {
            let base = machine.stack.count
            machine.stack.append(try machine.matchObject(text, match))
            let result = machine.collapsed(try machine.apply(replacement, from: base, .null))
            machine.stack.truncate(base)
            guard result.isString else {
                throw machine.failure("D3012", "the function that replaces a match must give a string")
            }
            return result
        }
        guard replacement.isString else { return try machine.string("") }
        guard machine.utf8(replacement).contains(UInt8(ascii: "$")) else { return replacement }
        return try machine.string(utf8: expanded(machine, text, match, Array(machine.utf8(replacement))))
    }

    /// Puts groups in for `$1`, the match for `$0`, and `$` for `$$`.
    private static func expanded(
        _ machine: borrowing Machine, _ text: Value, _ match: Match, _ template: [UInt8]
    ) -> [UInt8] {
        var result: [UInt8] = []
        var at = 0
        while at < template.count {
            guard template[at] == UInt8(ascii: "$") else {
                result.append(template[at])
                at += 1
                continue
            }
            at += 1
            if at < template.count, template[at] == UInt8(ascii: "$") {
                result.append(template[at])
                at += 1
            } else if at < template.count, template[at] == UInt8(ascii: "0") {
                result += machine.utf8(machine.substring(text, from: match.from, to: match.to))
                at += 1
            } else if let (group, digits) = groupNumber(template, at, match.groups.count) {
                if group > 0, group <= match.groups.count, match.groups[group - 1].isString {
                    result += machine.utf8(match.groups[group - 1])
                }
                at += digits
            } else {
                result.append(UInt8(ascii: "$"))
            }
        }
        return result
    }

    /// The number of a group that a template names: as many digits as there can be groups.
    private static func groupNumber(_ template: [UInt8], _ at: Int, _ groups: Int) -> (Int, Int)? {
        var digits = groups == 0 ? 1 : String(groups).utf8.count
        while digits > 0 {
            var number = 0
            var count = 0
            while count < digits, at + count < template.count, template[at + count] &- 48 < 10 {
                number = number * 10 + Int(template[at + count] - 48)
                count += 1
            }
            if count == 0 { return nil }
            if number <= groups || count == 1 { return (number, count) }
            digits = count - 1
        }
        return nil
    }
}

extension Machine {
    /// A member by its name; undefined when there is none.
    func member(_ object: Value, _ name: String) throws(MappingFailure) -> Value {
        guard isObject(object) else { return .undefined }
        let index = container(object)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            if utf8(Value(bits: tape[cursor])).elementsEqual(name.utf8) { return value(at: cursor + 1) }
            cursor = next(cursor + 1)
        }
        return .undefined
    }

    /// The code point's number at a byte of a string.
    func characterIndex(_ text: Value, _ byte: Int) -> Int {
        var count = 0
        for place in 0..<byte where tape.bytes[text.offset + place] & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// A match's groups as an array; the place of one that took no part holds nothing.
    mutating func groups(_ groups: [Value]) throws(MappingFailure) -> Value {
        let base = stack.count
        for group in groups { stack.append(group) }
        return try array(from: base)
    }

    /// A match as an object: what a function gets to see.
    mutating func matchObject(_ text: Value, _ match: Matching.Match) throws(MappingFailure) -> Value {
        if let value = match.value { return value }
        let base = stack.count
        stack.append(try string("match"))
        stack.append(substring(text, from: match.from, to: match.to))
        stack.append(try string("start"))
        stack.append(Value(small: characterIndex(text, match.from)))
        stack.append(try string("end"))
        stack.append(Value(small: characterIndex(text, match.to)))
        stack.append(try string("groups"))
        stack.append(try groups(match.groups))
        return try object(from: base)
    }

    /// Where a regular expression that is called as a function begins to search, in bytes; nil behind the text's end.
    private func searchStart(_ text: Value, _ place: Value) -> Int? {
        let wanted = place.isNumber ? floor(place) : place.isString ? arrayIndex(place).map(Int.init) ?? 0 : 0
        if wanted <= 0 { return 0 }
        return wanted <= characters(text) ? byteOffset(text, wanted) : nil
    }

    /// A regular expression that is called as a function, with a text and the place to search from: gives its first match,
    /// with a function for the next one.
    mutating func matchRegex(_ closure: Closure, from base: Int) throws(MappingFailure) -> Value {
        let isNext = closure.c == 1
        var text = isNext ? closure.input : stack.count > base ? stack[base] : .undefined
        if !text.isString {
            guard text.isNumber || text.isBoolean || text.isNull else { return .undefined }
            text = try self.text(of: text)
        }
        let place = stack.count > base + 1 ? stack[base + 1] : .undefined
        guard let from = isNext ? Int(closure.b) : searchStart(text, place) else { return .undefined }
        if isNext, from >= text.length { return .undefined }
        guard let found = code.program.regexes[Int(closure.a)].firstMatch(in: utf8(text), from: from) else {
            return .undefined
        }
        if isNext, found.range.isEmpty {
            throw failure("D1004", "the regular expression matches nothing at all, and so without end")
        }
        let groups = found.captures.map { range in
            range.map { substring(text, from: $0.lowerBound, to: $0.upperBound) } ?? .undefined
        }
        let match = try matchObject(
            text, Matching.Match(from: found.range.lowerBound, to: found.range.upperBound, groups: groups, value: nil))
        let start = stack.count
        pushMembers(match)
        stack.append(try string("next"))
        stack.append(
            self.closure(
                Closure(kind: .regex, a: closure.a, b: Int32(found.range.upperBound), c: 1, input: text)))
        return try object(from: start)
    }
}
