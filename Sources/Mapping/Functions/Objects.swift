import Document

/// Objects.
enum Objects {
    static let functions: [Function] = [
        Function(
            "keys", "<x-:a<s>>", "The names of an object's members; of an array's objects, all that occur.",
            examples: [
                .init("$keys({\"a\": 1, \"b\": 2})", #"["a","b"]"#),
                .init("$keys([{\"a\": 1}, {\"a\": 2, \"b\": 3}])", #"["a","b"]"#),
                .init("$keys({\"a\": 1})", #""a""#), .init("$keys(1)", nil),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let base = machine.stack.count
            var seen = Seen(from: base)
            let value = machine.argument(arguments, 0)
            if machine.isObject(value) {
                // One object's are all different.
                try machine.pushKeys(of: machine.container(value))
            } else {
                try machine.pushKeys(value, &seen)
            }
            machine.orderNames(from: base)
            return try machine.array(from: base, flags: Value.sequence)
        },
        Function(
            "lookup", "<x-s:x>", "The value of a name that is computed; of an array's objects, all of them.",
            examples: [
                .init("$lookup({\"a b\": 1}, \"a\" & \" b\")", "1"),
                .init("$lookup([{\"a\": 1}, {\"a\": 2}], \"a\")", "[1,2]"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let object = machine.argument(arguments, 0)
            let key = machine.argument(arguments, 1)
            guard object.isLink, key.isString else { return .undefined }
            if machine.isObject(object) {
                return try machine.member(of: machine.container(object), key: key)
            }
            let base = machine.stack.count
            try machine.pushMembers(named: key, of: object)
            return try machine.array(from: base, flags: Value.sequence)
        },
        Function(
            "spread", "<x-:a<o>>", "An object as an array of objects with one member each.",
            examples: [
                .init("$spread({\"a\": 1, \"b\": 2})", #"[{"a":1},{"b":2}]"#),
                .init("$spread([{\"a\": 1}, {\"b\": 2}])", #"[{"a":1},{"b":2}]"#), .init("$spread(5)", "5"),
            ]
        ) { (machine, arguments) throws(MappingFailure) in
            let value = machine.argument(arguments, 0)
            guard value.isLink else { return value }
            let base = machine.stack.count
            try machine.pushSpread(value)
            // What an array's elements give is appended to each other, which makes an array of any length.
            let isAppended = machine.isArray(value) && machine.count(at: machine.container(value)) > 0
            return try machine.array(from: base, flags: isAppended ? 0 : Value.sequence)
        },
        Function(
            "merge", "<a<o>:o>", "One object with the members of all: of equal names the last wins.",
            examples: [
                .init("$merge([{\"a\": 1, \"b\": 2}, {\"b\": 3}])", #"{"a":1,"b":3}"#), .init("$merge([])", "{}"),
                .init("$merge(nothing)", nil),
            ], merge),
        Function(
            "each", "<o-f:a>", "What a function makes of each member's value (and name).",
            examples: [.init("$each({\"a\": 1, \"b\": 2}, function($v, $k) { $k & $v })", #"["a1","b2"]"#)], each),
        Function(
            "sift", "<o-f?:o>", "An object with the members that a function keeps.",
            examples: [
                .init("$sift({\"a\": 1, \"b\": 2}, function($v) { $v > 1 })", #"{"b":2}"#),
                .init("$sift({\"a\": 1}, function($v) { $v > 1 })", nil),
            ], sift),
        Function(
            "clone", "<(oa)-:o>", "A copy of an object or array.",
            examples: [.init("$clone({\"a\": [1]})", #"{"a":[1]}"#)]
        ) { (machine, arguments) throws(MappingFailure) in
            try machine.copy(machine.argument(arguments, 0), depth: 0)
        },
    ]

    private static func merge(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let list = machine.argument(arguments, 0)
        if list.isUndefined { return list }
        let base = machine.stack.count
        let index = machine.container(list)
        var cursor = index + 1
        var seen = Seen(from: base, each: 2)
        for _ in 0..<machine.count(at: index) {
            let object = machine.value(at: cursor)
            cursor = machine.next(cursor)
            try machine.mergeMembers(of: object, &seen)
        }
        return try machine.object(from: base)
    }

    private static func each(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let object = machine.argument(arguments, 0)
        let function = machine.argument(arguments, 1)
        let base = machine.stack.count
        guard machine.isObject(object) else { return try machine.array(from: base, flags: Value.sequence) }
        let index = machine.container(object)
        let listing = machine.listing(of: index)
        var cursor = index + 1
        for place in 0..<machine.count(at: index) {
            if let listing { cursor = listing[place] }
            let key = Value(bits: machine.tape[cursor])
            let result = try machine.handed(function, machine.value(at: cursor + 1), key, object)
            if !result.isUndefined { machine.stack.append(result) }
            cursor = machine.next(cursor + 1)
        }
        return try machine.array(from: base, flags: Value.sequence)
    }

    private static func sift(_ machine: inout Machine, _ arguments: Arguments) throws(MappingFailure) -> Value {
        let object = machine.argument(arguments, 0)
        let function = machine.argument(arguments, 1)
        guard machine.isObject(object), function.isFunction else { return .undefined }
        let base = machine.stack.count
        let index = machine.container(object)
        var cursor = index + 1
        for _ in 0..<machine.count(at: index) {
            let key = Value(bits: machine.tape[cursor])
            let value = machine.value(at: cursor + 1)
            if try machine.truth(machine.handed(function, value, key, object)) {
                machine.stack.append(key)
                machine.stack.append(value)
            }
            cursor = machine.next(cursor + 1)
        }
        return machine.stack.count == base ? .undefined : try machine.object(from: base)
    }
}

extension Machine {
    /// Pushes the names in a value that aren't among those on the stack yet.
    mutating func pushKeys(_ value: Value, _ seen: inout Seen) throws(MappingFailure) {
        guard value.isLink else { return }
        try step()
        try guardStack()
        let index = container(value)
        let isObject = tape[index] >> 60 == Value.object
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            if isObject {
                let key = Value(bits: tape[cursor])
                cursor += 1
                if try seen.place(of: key, on: &self) == nil { stack.append(key) }
            } else {
                try pushKeys(self.value(at: cursor), &seen)
            }
            cursor = next(cursor)
        }
    }

    /// Pushes the names of an object's members.
    mutating func pushKeys(of index: Int) throws(MappingFailure) {
        let count = count(at: index)
        try step(count)
        var cursor = index + 1
        for _ in 0..<count {
            stack.append(Value(bits: tape[cursor]))
            cursor = next(cursor + 1)
        }
    }

    mutating func pushMembers(named key: Value, of array: Value) throws(MappingFailure) {
        let index = container(array)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            let element = value(at: cursor)
            cursor = next(cursor)
            guard element.isLink else { continue }
            try step()
            if isArray(element) {
                try guardStack()
                try pushMembers(named: key, of: element)
                continue
            }
            let found = try member(of: container(element), key: key)
            if !found.isUndefined { pushItems(found) }
        }
    }

    mutating func pushSpread(_ value: Value) throws(MappingFailure) {
        guard value.isLink else {
            if !value.isUndefined { stack.append(value) }
            return
        }
        try step()
        try guardStack()
        let index = container(value)
        let isObject = tape[index] >> 60 == Value.object
        let listing = listing(of: index)
        var cursor = index + 1
        for place in 0..<count(at: index) {
            if let listing { cursor = listing[place] }
            if isObject {
                let base = stack.count
                stack.append(Value(bits: tape[cursor]))
                stack.append(self.value(at: cursor + 1))
                let single = try object(from: base)
                stack.append(single)
                cursor = next(cursor + 1)
            } else {
                try pushSpread(self.value(at: cursor))
                cursor = next(cursor)
            }
        }
    }

    /// Adds an object's members to the pairs on the stack.
    mutating func mergeMembers(of object: Value, _ seen: inout Seen) throws(MappingFailure) {
        guard isObject(object) else { return }
        let index = container(object)
        var cursor = index + 1
        for _ in 0..<count(at: index) {
            try step()
            let key = Value(bits: tape[cursor])
            let value = self.value(at: cursor + 1)
            cursor = next(cursor + 1)
            if let place = try seen.place(of: key, on: &self) {
                stack[place + 1] = value
            } else {
                stack.append(key)
                stack.append(value)
            }
        }
    }

    /// What a function makes of a value, its name or place, and the whole: as many of them as it takes.
    ///
    /// A sequence stays one, of one element or of none, too: what a library function gives is not the result of an
    /// expression yet.
    mutating func handed(
        _ function: Value, _ value: Value, _ key: Value, _ whole: Value
    ) throws(MappingFailure) -> Value {
        try step()
        let arity = arity(function)
        let base = stack.count
        stack.append(value)
        if arity >= 2 { stack.append(key) }
        if arity >= 3 { stack.append(whole) }
        let result = try apply(function, from: base, .null)
        stack.truncate(base)
        return result
    }

    /// The sum of two numbers, exact.
    func sum(_ left: Value, _ right: Value) throws(MappingFailure) -> Value {
        try calculate(.add, left, right)
    }
}
