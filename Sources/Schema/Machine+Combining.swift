import Document

/// Keywords that combine schemas on the same value.
extension Machine {
    @inline(never)
    mutating func combination(_ place: UnsafePointer<Instruction>, _ node: Node, _ tracking: Tracking) -> Bool {
        let instruction = place.pointee
        switch instruction.operation {
        case .anyOf: return anyOf(instruction, node, tracking)
        case .oneOf: return oneOf(instruction, node, tracking)
        case .not:
            // What it evaluates counts for nothing.
            if !quietly({ $0.check(instruction.a, node, nil) }) { return true }
            return fail(instruction.place, node, "must not fit the schema below 'not'")
        default:
            let holds = attempt(instruction.a, node, tracking) { $0.quietly($1) }
            return check(holds ? instruction.b : instruction.c, node, tracking)
        }
    }

    /// Checks a subschema that may fail without harm: only when it fits, what it evaluates counts.
    @inline(__always)
    private mutating func attempt(
        _ schema: Int32, _ node: Node, _ tracking: Tracking,
        _ run: (inout Machine, (inout Machine) -> Bool) -> Bool
    ) -> Bool {
        guard let tracking else { return run(&self) { $0.check(schema, node, nil) } }
        var own = Evaluated()
        let fits = run(&self) { $0.check(schema, node, &own) }
        if fits { tracking.pointee.merge(own) }
        return fits
    }

    private mutating func anyOf(_ instruction: Instruction, _ node: Node, _ tracking: Tracking) -> Bool {
        let branches = Int(instruction.a)..<Int(instruction.b)
        if Listener.isSilent {
            var fits = false
            for place in branches where attempt(program.lists[place], node, tracking, { $1(&$0) }) {
                fits = true
                // Where evaluation is noted, every branch that fits has its say.
                if tracking == nil { break }
            }
            return fits
        }
        return explained(instruction, node, tracking) { fitting in fitting.isEmpty ? "" : nil }
    }

    private mutating func oneOf(_ instruction: Instruction, _ node: Node, _ tracking: Tracking) -> Bool {
        let branches = Int(instruction.a)..<Int(instruction.b)
        if Listener.isSilent {
            var fitting = 0
            for place in branches where attempt(program.lists[place], node, tracking, { $1(&$0) }) {
                fitting += 1
                if fitting > 1 { return false }
            }
            return fitting == 1
        }
        return explained(instruction, node, tracking) { fitting in
            if fitting.count < 2 { return fitting.isEmpty ? "" : nil }
            let numbers = fitting.map(String.init).joined(separator: ", ")
            return "must fit exactly one of the alternatives, fits \(fitting.count): numbers \(numbers)"
        }
    }

    /// Tries every branch and says what is wrong: nil for nothing, empty for no branch at all.
    private mutating func explained(
        _ instruction: Instruction, _ node: Node, _ tracking: Tracking, _ verdict: ([Int]) -> String?
    ) -> Bool {
        let branches = Int(instruction.a)..<Int(instruction.b)
        // Counted from 0, as pointers do.
        var fitting: [Int] = []
        var closest: [ViolationLog.Entry]?
        for place in branches {
            var aside = Machine(program: program, log: log.branch(keepingFindings: true))
            if aside.attempt(program.lists[place], node, tracking, { $1(&$0) }) {
                fitting.append(place - branches.lowerBound)
            }
            log.takeMarks(of: aside.log)
            guard let found = (aside.log as? ViolationLog)?.entries else { continue }
            if closest == nil || Self.isCloser(found, closest ?? []) { closest = found }
        }
        guard let reason = verdict(fitting) else { return true }
        let finding: Finding =
            reason.isEmpty ? .noBranch(count: branches.count, closest: closest ?? []) : .plain(reason)
        log.add(finding, instruction.place, node)
        return false
    }

    /// The branch whose trouble lies deepest was meant, most likely; then the one with the least trouble.
    private static func isCloser(_ a: [ViolationLog.Entry], _ b: [ViolationLog.Entry]) -> Bool {
        let depths = (a.map(\.path.count).min() ?? 0, b.map(\.path.count).min() ?? 0)
        return depths.0 == depths.1 ? a.count < b.count : depths.0 > depths.1
    }

    @inline(never)
    mutating func unevaluated(_ place: UnsafePointer<Instruction>, _ node: Node, _ tracking: Tracking) -> Bool {
        let instruction = place.pointee
        guard let tracking else { return true }
        var valid = true
        if instruction.operation == .unevaluatedProperties {
            var position = 0
            for (key, value) in node.members {
                defer { position += 1 }
                if tracking.pointee.contains(position) { continue }
                log.enter(key, isKnown: false)
                let fits = check(instruction.a, value, nil)
                log.leave()
                if fits { continue }
                if Listener.isSilent { return false }
                valid = false
            }
            if node.kind == .object { tracking.pointee.insertAll() }
        } else {
            var position = 0
            for element in node.elements {
                defer { position += 1 }
                if tracking.pointee.contains(position) { continue }
                log.enter(position)
                let fits = check(instruction.a, element, nil)
                log.leave()
                if fits { continue }
                if Listener.isSilent { return false }
                valid = false
            }
            if node.kind == .array { tracking.pointee.insertAll() }
        }
        return valid
    }
}

/// Which members of an object, or items of an array, some keyword has evaluated: by position.
struct Evaluated {
    private var all = false
    private var first: UInt64 = 0
    /// Positions from 64.
    private var more: Set<Int> = []
    /// All positions below this one.
    private var bound = 0

    func contains(_ position: Int) -> Bool {
        if all || position < bound { return true }
        return position < 64 ? first & (1 << UInt64(position)) != 0 : more.contains(position)
    }

    mutating func insert(_ position: Int) {
        if position < 64 { first |= 1 << UInt64(position) } else { more.insert(position) }
    }

    mutating func insert(upTo end: Int) { bound = max(bound, end) }

    mutating func insertAll() { all = true }

    mutating func merge(_ other: Evaluated) {
        all = all || other.all
        first |= other.first
        bound = max(bound, other.bound)
        if !other.more.isEmpty { more.formUnion(other.more) }
    }
}
