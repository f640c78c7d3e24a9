import Document

/// The evaluator's state: stacks and tables that are reused from record to record.
///
/// It runs a program over a tape. Values are words (see ``Value``); results of steps collect on one stack and become an
/// array on the tape only when something holds on to them. Nothing is allocated for a field that is moved.
struct Machine: ~Copyable {
    // The program, and the tape it runs over.
    var code: Code
    var operations: UnsafePointer<Operation>
    var tables: Code.Tables
    var tape: TapeWords
    let library = Library.tables
    /// Where the program's strings lie on the tape.
    var poolBase = 0
    /// Words from here on were made by the mapping.
    var firstWord = 0
    var rootValue = Value.undefined

    /// What was found in objects.
    var findings = Findings()

    // Stacks and tables.
    var stack = Buffer<Value>()
    var tuples = Buffer<Tuple>()
    var frames = Buffer<Frame>()
    var bindings = Buffer<Binding>()
    var functions = Buffer<Closure>()
    /// Arguments that partial applications hold.
    var held = Buffer<Value>()
    var frame: Int32 = -1

    /// The call that a function in tail position left: its function; arguments are on the stack from `tailBase`.
    var tailFunction = Value.undefined
    var tailBase = 0

    /// The context that a library function is called in.
    var callInput = Value.undefined
    /// Programs that `$eval` made, and which one runs.
    var evaluated = Evaluated()
    var unit: Int32 = 0
    var random: UInt64 = 0

    // Limits.
    var stepsLeft = 0
    var depth = 0
    var context: EvaluationContext
    var pictures = PictureCache()
    var stackFloor: UInt = 0
    var wordLimit = 0
    var byteLimit = 0
    /// What stacks and tables may hold, and what the result takes when it is written, in bytes.
    var workLimit = 0
    /// Of the input, about.
    var bytesPerWord = 0

    /// A variable's value; a frame's bindings are a list.
    struct Binding: BitwiseCopyable {
        var symbol: Int32
        var next: Int32
        var value: Value
    }

    /// A scope.
    struct Frame: BitwiseCopyable {
        var parent: Int32
        var first: Int32
    }

    /// One result of a step that binds: the value, and what was bound on the way (a list of bindings).
    struct Tuple: BitwiseCopyable {
        var value: Value
        var bindings: Int32
    }

    /// A function as a value.
    struct Closure: BitwiseCopyable {
        enum Kind: UInt8 { case library, lambda, partial, chain, transform, regex }
        var kind: Kind
        /// Library number, operation, or the functions that are chained or applied in part.
        var a: Int32 = 0
        var b: Int32 = 0
        var c: Int32 = 0
        var frame: Int32 = -1
        var input = Value.undefined
        /// Which program its operation is of: 0 is the mapping itself, others come from `$eval`.
        var unit: Int32 = 0
    }

    init(_ code: Code, tape: TapeWords, context: EvaluationContext) {
        self.code = code
        self.operations = code.tables.operations
        self.tables = code.tables
        self.tape = tape
        self.context = context
    }

    // MARK: Errors

    /// An error at an operation, with the input's path when the context is part of the input.
    func failure(
        _ error: String, _ message: String, at operation: Int32, token: String? = nil, input: Value = .undefined
    ) -> MappingFailure {
        .error(
            code.program.source.error(
                error, message, at: Int(operations[Int(operation)].offset), token: token, inputPath: path(of: input)))
    }

    /// An error whose place the calling operation fills in.
    func failure(_ error: String, _ message: String) -> MappingFailure {
        .error(
            MappingError(
                code: error, message: message, token: nil, file: "", offset: -1, line: 0, column: 0, position: 0,
                inputPath: nil))
    }

    /// Gives an error from inside a library function its place.
    func place(_ failure: MappingFailure, at operation: Int32, token: String?, input: Value) -> MappingFailure {
        let source = code.program.source
        let offset = Int(operations[Int(operation)].offset)
        switch failure {
        case .error(let error) where error.offset < 0:
            return .error(
                source.error(error.code, error.message, at: offset, token: token, inputPath: path(of: input)))
        case .rejected(let rejection) where rejection.line == 0:
            return .rejected(
                Rejection(reason: rejection.reason, file: source.file, line: source.place(of: offset).line))
        case .unknownReference(let reference) where reference.line == 0:
            return .unknownReference(
                UnknownReference(
                    entity: reference.entity, system: reference.system, id: reference.id, key: reference.key,
                    file: source.file, line: source.place(of: offset).line))
        default: return failure
        }
    }

    /// The JSON Pointer of a container of the input.
    func path(of value: Value) -> String? {
        guard value.isLink, value.index < firstWord, rootValue.isLink, rootValue.index < firstWord else { return nil }
        var at = rootValue.index
        var pointer = ""
        while at != value.index {
            guard at < value.index, value.index < tape.end(of: at) else { return nil }
            let isObject = tape[at] >> 60 == Value.object
            var cursor = at + 1
            var place = 0
            while true {
                guard cursor < tape.end(of: at) else { return nil }
                let inner = isObject ? cursor + 1 : cursor
                if value.index < tape.end(of: inner) {
                    let name = isObject ? text(Value(bits: tape[cursor])) : "\(place)"
                    pointer += "/" + name.pointerEscaped
                    at = inner
                    break
                }
                cursor = tape.end(of: inner)
                place += 1
            }
        }
        return pointer
    }

    /// A string's or number's text.
    func text(_ value: Value) -> String {
        String(decoding: utf8(value), as: UTF8.self)
    }

    /// The bytes of a string or of a number's text; valid until something is appended to the tape.
    func utf8(_ value: Value) -> UnsafeBufferPointer<UInt8> {
        UnsafeBufferPointer(start: tape.bytes + value.offset, count: value.length)
    }

    // MARK: Variables

    mutating func pushFrame(first: Int32 = -1) {
        frames.append(Frame(parent: frame, first: first))
        frame = Int32(frames.count - 1)
    }

    mutating func bind(_ symbol: Int32, _ value: Value) {
        let first = frames[Int(frame)].first
        bindings.append(Binding(symbol: symbol, next: first, value: value))
        frames[Int(frame)].first = Int32(bindings.count - 1)
    }

    func lookUp(_ symbol: Int32) -> Value? {
        var frame = frame
        while frame >= 0 {
            let scope = frames[Int(frame)]
            var binding = scope.first
            while binding >= 0 {
                let entry = bindings[Int(binding)]
                if entry.symbol == symbol { return entry.value }
                binding = entry.next
            }
            frame = scope.parent
        }
        return nil
    }

    /// A place in the tables to fall back to when no closure was made since: so loops don't grow them.
    struct Mark {
        var frame: Int32
        var frames: Int
        var bindings: Int
        var functions: Int
    }

    var mark: Mark {
        Mark(frame: frame, frames: frames.count, bindings: bindings.count, functions: functions.count)
    }

    mutating func release(_ mark: Mark) {
        frame = mark.frame
        if functions.count == mark.functions {
            frames.truncate(mark.frames)
            bindings.truncate(mark.bindings)
        }
    }

    // MARK: Containers

    /// Where an array or object lies, forwarded if a transform replaced it.
    func container(_ value: Value) -> Int {
        var index = value.index
        while tape[index] >> 60 == Value.link { index = Int(UInt32(truncatingIfNeeded: tape[index])) }
        return index
    }

    func isArray(_ value: Value) -> Bool { value.isLink && tape[container(value)] >> 60 == Value.array }
    func isObject(_ value: Value) -> Bool { value.isLink && tape[container(value)] >> 60 == Value.object }

    /// How many elements or members a container at an index has.
    func count(at index: Int) -> Int { TapeWords.count(tape[index]) }

    /// The value whose word (or container) lies at an index.
    func value(at index: Int) -> Value {
        let word = tape[index]
        let tag = word >> 60
        return tag == Value.array || tag == Value.object ? Value(link: index) : Value(bits: word)
    }

    /// The index behind the word (or container) at an index.
    func next(_ index: Int) -> Int {
        let word = tape[index]
        let tag = word >> 60
        return tag == Value.array || tag == Value.object ? Int(UInt32(truncatingIfNeeded: word)) : index + 1
    }

    /// The element of an array at a place.
    func element(_ array: Value, _ place: Int) -> Value {
        let index = container(array)
        guard place >= 0, place < count(at: index) else { return .undefined }
        var cursor = index + 1
        // An array that was made here has one word an element.
        if index >= firstWord { return value(at: cursor + place) }
        for _ in 0..<place { cursor = next(cursor) }
        return value(at: cursor)
    }

    /// Appends an array of what is on the stack from `base`, and takes it off.
    mutating func array(from base: Int, flags: UInt64 = 0) throws(MappingFailure) -> Value {
        let count = stack.count - base
        let start = try append(stackFrom: base, head: TapeWords.container(.array, count: count, end: 0))
        return Value(link: start, flags: flags)
    }

    /// Appends a container's words: its head, whose end is still missing, and what is on the stack from `base`, which it
    /// takes off.
    private mutating func append(stackFrom base: Int, head: UInt64) throws(MappingFailure) -> Int {
        let count = stack.count - base
        try reserve(words: count + 1)
        let start = tape.count
        let words = tape.advance(words: count + 1)
        words[0] = head + UInt64(start + 1 + count)
        for place in 0..<count {
            let value = stack[base + place]
            words[place + 1] = value.bits
        }
        stack.truncate(base)
        return start
    }

    /// The sequence of what is on the stack from `base`: nothing, the one value, or an array.
    mutating func sequence(from base: Int, keepsSingleton: Bool = false) throws(MappingFailure) -> Value {
        let count = stack.count - base
        if count == 0 { return .undefined }
        if count == 1, !keepsSingleton {
            let value = stack[base]
            stack.truncate(base)
            return value
        }
        return try array(from: base, flags: Value.sequence | (keepsSingleton ? Value.keepsSingleton : 0))
    }

    /// Appends an object of keys and values in turn, on the stack from `base`, and takes them off.
    mutating func object(from base: Int) throws(MappingFailure) -> Value {
        let count = (stack.count - base) / 2
        return Value(link: try append(stackFrom: base, head: TapeWords.container(.object, count: count, end: 0)))
    }

    /// Pushes an array's elements on the stack.
    mutating func pushElements(_ array: Value) {
        let words = tape.fixed.words
        let index = container(array)
        let room = stack.extend(by: count(at: index))
        var at = words + index + 1
        for place in 0..<count(at: index) {
            let word = at.pointee
            let isContainer = word >> 60 &- Value.array < 2
            room[place] = isContainer ? Value(link: at - words) : Value(bits: word)
            at = isContainer ? words + Int(UInt32(truncatingIfNeeded: word)) : at + 1
        }
    }

    /// An array that is a sequence of one element, or none, is that element, or nothing.
    func collapsed(_ value: Value) -> Value {
        guard value.isLink, value.has(Value.sequence) else { return value }
        let index = container(value)
        switch count(at: index) {
        case 0: return .undefined
        case 1 where !value.has(Value.keepsSingleton): return self.value(at: index + 1)
        default: return value
        }
    }

    // MARK: Memory

    @inline(__always)
    func reserve(words: Int = 0, bytes: Int = 0) throws(MappingFailure) {
        if tape.count + words > wordLimit || tape.byteCount + bytes > byteLimit { throw outOfMemory() }
        tape.reserve(words: words, bytes: bytes)
    }

    @inline(never)
    func outOfMemory() -> MappingFailure {
        failure("U2003", "the mapping needs more memory than its limit allows")
    }

    /// Counts a step of work.
    @inline(__always)
    mutating func step() throws(MappingFailure) {
        stepsLeft &-= 1
        if stepsLeft & 1023 == 0 || stepsLeft < 0 { try checkWork() }
    }

    /// Counts several steps of work.
    @inline(__always)
    mutating func step(_ count: Int) throws(MappingFailure) {
        let before = stepsLeft
        stepsLeft &-= count
        if (before ^ stepsLeft) & ~1023 != 0 { try checkWork() }
    }

    /// From time to time: whether the steps are used up, or stacks and tables too large.
    @inline(never)
    private func checkWork() throws(MappingFailure) {
        if stepsLeft < 0 { throw outOfSteps() }
        try checkRoom(0)
    }

    /// Whether so many bytes more may be worked with.
    func checkRoom(_ bytes: Int) throws(MappingFailure) {
        let work =
            8 * (stack.count + held.count + frames.count) + 16 * (tuples.count + bindings.count)
            + 40 * functions.count
        if work + bytes > workLimit { throw outOfMemory() }
    }

    /// Bounds what calls itself for values in values: by the stack that is left.
    @inline(__always)
    func guardStack() throws(MappingFailure) {
        var local: UInt8 = 0
        let here = withUnsafePointer(to: &local) { UInt(bitPattern: $0) }
        if here < stackFloor { throw tooDeep() }
    }

    @inline(never)
    func tooDeep() -> MappingFailure { failure("U2002", "values nest too deep in each other") }

    @inline(never)
    private func outOfSteps() -> MappingFailure {
        failure("U2001", "the mapping takes more steps than its limit allows")
    }
}

extension String {
    /// The name as JSON Pointer writes it (RFC 6901).
    var pointerEscaped: String {
        var result = ""
        for character in self {
            switch character {
            case "~": result += "~0"
            case "/": result += "~1"
            default: result.append(character)
            }
        }
        return result
    }
}
