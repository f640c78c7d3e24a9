/// A pattern's automaton, borrowed: pointers only, so that asking counts no references. See ``Pattern/matcher``.
@frozen
public struct Matcher: @unchecked Sendable {
    /// What matching ASCII text takes.
    @usableFromInline
    @frozen
    struct View {
        @usableFromInline let table: UnsafePointer<UInt16>
        @usableFromInline let ascii: UnsafePointer<UInt16>
        @usableFromInline let start: UInt16
        @usableFromInline let matched: UInt16

        init(table: UnsafePointer<UInt16>, ascii: UnsafePointer<UInt16>, start: UInt16, matched: UInt16) {
            self.table = table
            self.ascii = ascii
            self.start = start
            self.matched = matched
        }
    }

    @usableFromInline let view: View?
    @usableFromInline let runs: Runs?
    @usableFromInline let machines: Unmanaged<AnyObject>

    init(_ machines: Machines) {
        view = machines.automaton?.view
        runs = machines.runs
        self.machines = Unmanaged.passUnretained(machines)
    }

    /// Whether the pattern matches anywhere in the text. Sixteen bytes from the text's start on may be read, however short
    /// it is.
    public func matches(padded text: UnsafeBufferPointer<UInt8>) -> Bool {
        if let runs, text.count <= Runs.longest { return runs.matches(text) }
        return matches(text)
    }

    /// Whether the pattern matches anywhere in the text.
    @inlinable
    public func matches(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let view else { return matchesSlowly(text) }
        var state = view.start
        // Row 0 is dead, row 1 has matched: both are final.
        for byte in text {
            if state <= view.matched { break }
            guard byte < 0x80 else { return matchesSlowly(text) }
            state = view.table[Int(state) + Int(view.ascii[Int(byte)])]
        }
        // A row's last entry is the end of the text.
        if state > view.matched { state = view.table[Int(state) + Int(view.matched) - 1] }
        return state == view.matched
    }

    @usableFromInline
    @inline(never)
    func matchesSlowly(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        unsafeDowncast(machines.takeUnretainedValue(), to: Machines.self).matches(text)
    }
}
