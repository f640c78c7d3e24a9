import Document

/// Where a shape's names stand in objects of one layout: for each member the place among the shape's names, up to the last
/// that the mapping asks for; for a member that it doesn't ask for the place that nobody reads (``Findings/slots``).
///
/// Lies in memory as itself, followed by these places.
struct NamePlan: BitwiseCopyable {
    /// How many members there are to look at.
    let count: Int32
    /// How many names the shape has, when some are not among the members; else 0.
    let missing: Int32

    typealias Place = Int32
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
    func find(_ index: Int, _ plan: UnsafeMutableRawPointer, _ slots: UnsafeMutablePointer<Value>) {
        let head = plan.load(as: NamePlan.self)
        for place in 0..<Int(UInt32(bitPattern: head.missing)) { slots[place] = .undefined }
        let words = tape.fixed.words
        // Behind the object's head and its first member's name.
        var at = index &+ 2
        var place = (plan + NamePlan.size).assumingMemoryBound(to: NamePlan.Place.self)
        let end = place + Int(head.count)
        while place < end {
            let word = words[at]
            let slot = Int(place.pointee)
            place += 1
            if word &- Value.array << 60 < 2 << 60 {
                slots[slot] = Value(link: at)
                at = Int(UInt32(truncatingIfNeeded: word)) &+ 1
            } else {
                slots[slot] = Value(bits: word)
                at &+= 2
            }
        }
    }

    @inline(never)
    private func makePlan(_ shape: Shape, _ layout: ObjectLayout) -> UnsafeMutableRawPointer {
        var places: [NamePlan.Place] = []
        for member in 0..<layout.count {
            let name = layout.name(member)
            let text = UnsafeRawPointer(name.baseAddress.unsafelyUnwrapped)
            let (head, tail) = Name.ends(of: text, name.count)
            places.append(NamePlan.Place(place(of: text, name.count, head, tail, shape, shape.shift & 63)))
        }
        let found = places.count { $0 >= 0 }
        let used = (places.lastIndex { $0 >= 0 } ?? -1) + 1
        let plan = UnsafeMutableRawPointer.allocate(
            byteCount: NamePlan.size + used * MemoryLayout<NamePlan.Place>.stride,
            alignment: MemoryLayout<NamePlan>.alignment)
        plan.storeBytes(
            of: NamePlan(count: Int32(used), missing: found < Int(shape.count) ? shape.count : 0), as: NamePlan.self)
        for place in 0..<used {
            plan.storeBytes(
                of: places[place] >= 0 ? places[place] : -1 - shape.first,
                toByteOffset: NamePlan.size + place * MemoryLayout<NamePlan.Place>.stride, as: NamePlan.Place.self)
        }
        return plan
    }
}
