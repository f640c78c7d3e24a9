import Document

/// Where a shape's names stand in objects of one layout: for each member its name's slot (``Findings/slots``), up to the last
/// that the mapping asks for; for a member that it doesn't ask for the slot that nobody reads.
///
/// Lies in memory as itself, followed by these slots.
struct NamePlan: BitwiseCopyable {
    /// How many members there are to look at.
    let count: Int32
    /// How many names the shape has, when some are not among the members; else 0.
    let missing: Int32
    /// The slot of the shape's first name.
    let first: Int32

    typealias Slot = Int32
    static var size: Int { MemoryLayout<NamePlan>.stride }
}

extension Machine {
    /// The plan to find a shape's names in the object at an index, when that has a layout.
    @inline(__always)
    func plan(_ shape: Int, _ index: Int) -> UnsafeMutableRawPointer? {
        guard let layout = tape.layout(at: index) else { return nil }
        let key = tables.planKeys | UInt64(truncatingIfNeeded: shape)
        return layout.plan(key) ?? rarePlan(shape, layout, key)
    }

    @inline(never)
    private func rarePlan(_ shape: Int, _ layout: ObjectLayout, _ key: UInt64) -> UnsafeMutableRawPointer? {
        let shape = (tables.shapes + shape).pointee
        return layout.plan(key) { makePlan(shape, $0) }
    }

    /// Finds the names of a plan's shape in the object at an index.
    @inline(__always)
    func find(_ index: Int, _ plan: UnsafeMutableRawPointer) {
        let head = plan.load(as: NamePlan.self)
        let slots = findings.slots
        if head.missing != 0 { clear(head) }
        let words = tape.fixed.words
        // Behind the object's head and its first member's name.
        var at = index &+ 2
        var next = (plan + NamePlan.size).assumingMemoryBound(to: NamePlan.Slot.self)
        let end = next + Int(head.count)
        while next < end {
            let word = words[at]
            let slot = Int(next.pointee)
            next += 1
            if word &- Value.array << 60 < 2 << 60 {
                slots[slot] = Value(link: at)
                at = Int(UInt32(truncatingIfNeeded: word)) &+ 1
            } else {
                slots[slot] = Value(bits: word)
                at &+= 2
            }
        }
    }

    /// What isn't among the members is undefined.
    @inline(never)
    private func clear(_ plan: NamePlan) {
        (findings.slots + Int(plan.first)).update(repeating: .undefined, count: Int(plan.missing))
    }

    @inline(never)
    private func makePlan(_ shape: Shape, _ layout: ObjectLayout) -> UnsafeMutableRawPointer {
        var slots: [NamePlan.Slot] = []
        for member in 0..<layout.count {
            let name = layout.name(member)
            let text = UnsafeRawPointer(name.baseAddress.unsafelyUnwrapped)
            let (head, tail) = Name.ends(of: text, name.count)
            let place = place(of: text, name.count, head, tail, shape, shape.shift & 63)
            slots.append(place >= 0 ? shape.first + NamePlan.Slot(place) : -1)
        }
        let found = slots.count { $0 >= 0 }
        let used = (slots.lastIndex { $0 >= 0 } ?? -1) + 1
        let plan = UnsafeMutableRawPointer.allocate(
            byteCount: NamePlan.size + used * MemoryLayout<NamePlan.Slot>.stride,
            alignment: MemoryLayout<NamePlan>.alignment)
        plan.storeBytes(
            of: NamePlan(
                count: Int32(used), missing: found < Int(shape.count) ? shape.count : 0, first: shape.first),
            as: NamePlan.self)
        for (place, slot) in slots.prefix(used).enumerated() {
            plan.storeBytes(
                of: slot, toByteOffset: NamePlan.size + place * MemoryLayout<NamePlan.Slot>.stride,
                as: NamePlan.Slot.self)
        }
        return plan
    }
}
