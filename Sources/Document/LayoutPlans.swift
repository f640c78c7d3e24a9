internal import Synchronization

/// What readers work out for the objects of a layout, once for many: which of the members a schema says something about,
/// where the names are that a mapping asks for.
///
/// A plan is memory of the reader's own making, freed with the layout. It is found by a key that no other reader has.
@frozen @usableFromInline
struct LayoutPlans {
    @frozen @usableFromInline
    struct Entry {
        @usableFromInline var key: UInt64 = 0
        /// Nil: such objects can't have one.
        @usableFromInline var plan: UnsafeMutableRawPointer?

        @inlinable init() {}
    }

    // The latest two are found at once.
    @usableFromInline var first = Entry()
    @usableFromInline var second = Entry()
    private var others: [Entry] = []
    private var evictions = 0

    /// Where more are asked for in turn, keeping them would cost more than it saves.
    private static let most = 8
    private static let mostEvictions = 64

    init() {}

    /// A plan that is not among the latest two: another one that was kept, or a new one.
    fileprivate mutating func find(_ key: UInt64) -> Entry? {
        if first.key == key { return first }
        if second.key == key { return second }
        guard let place = others.firstIndex(where: { $0.key == key }) else { return nil }
        let entry = others[place]
        (others[place], second, first) = (second, first, entry)
        return entry
    }

    fileprivate var hasRoom: Bool { others.count < Self.most || evictions < Self.mostEvictions }

    fileprivate mutating func keep(_ plan: UnsafeMutableRawPointer?, _ key: UInt64) {
        if others.count == Self.most {
            evictions += 1
            others.removeFirst().plan?.deallocate()
        }
        if second.key != 0 { others.append(second) }
        second = first
        first.key = key
        first.plan = plan
    }

    func free() {
        for entry in [first, second] + others { entry.plan?.deallocate() }
    }
}

/// An object's layout: see ``Layout``. Valid as long as the object's node.
@frozen @usableFromInline
package struct ObjectLayout {
    @usableFromInline let layout: UnsafeMutablePointer<Layout>

    @inlinable
    @inline(__always)
    init(_ layout: UnsafeMutablePointer<Layout>) { self.layout = layout }

    /// How many members such objects have.
    package var count: Int { layout.pointee.count }

    /// A member's name, by its place. Eight bytes behind it may be read.
    package func name(_ place: Int) -> UnsafeBufferPointer<UInt8> {
        let name = Layout.names(of: layout) + place
        return UnsafeBufferPointer(start: name.pointee.text + 1, count: name.pointee.length)
    }

    /// The plan that was kept under a key, when it is one of the latest two.
    @inlinable
    @inline(__always)
    package func plan(_ key: UInt64) -> UnsafeMutableRawPointer? {
        if layout.pointee.plans.first.key == key { return layout.pointee.plans.first.plan }
        return layout.pointee.plans.second.key == key ? layout.pointee.plans.second.plan : nil
    }

    /// The plan that was kept under a key, or else a new one; nil when there can't be one, or when so many are asked for in
    /// turn that it isn't worth it.
    ///
    /// - Parameter make: must answer what `UnsafeMutableRawPointer.allocate` gave, without anything that needs an end.
    package func plan(
        _ key: UInt64, _ make: (ObjectLayout) -> UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        if let entry = layout.pointee.plans.find(key) { return entry.plan }
        guard layout.pointee.plans.hasRoom else { return nil }
        let plan = make(self)
        layout.pointee.plans.keep(plan, key)
        return plan
    }

    private static let readers = Atomic<UInt64>(0)

    /// The first of 2^32 keys for a reader's plans; no other reader gets them.
    package static func newKeys() -> UInt64 {
        readers.wrappingAdd(1, ordering: .relaxed).newValue << 32
    }
}
