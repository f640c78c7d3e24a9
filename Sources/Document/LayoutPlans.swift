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

    // Found at once, by the key's last two bits: a reader's keys follow one another.
    @usableFromInline var first = Entry()
    private var second = Entry()
    private var third = Entry()
    private var fourth = Entry()
    private var others: [Entry] = []
    private var evictions = 0

    /// Where more are asked for in turn, keeping them would cost more than it saves.
    private static let most = 8
    private static let mostEvictions = 64

    init() {}

    /// Those that are found at once.
    @inlinable
    @inline(__always)
    static func entries(of layout: UnsafeMutablePointer<Layout>) -> UnsafeMutablePointer<Entry> {
        let offset = MemoryLayout<Layout>.offset(of: \.plans.first).unsafelyUnwrapped
        return (UnsafeMutableRawPointer(layout) + offset).assumingMemoryBound(to: Entry.self)
    }

    /// A plan that isn't found at once: it changes places with the one that is.
    fileprivate static func find(_ key: UInt64, _ layout: UnsafeMutablePointer<Layout>) -> Entry? {
        let entry = entries(of: layout) + Int(key & 3)
        if entry.pointee.key == key { return entry.pointee }
        guard let place = layout.pointee.plans.others.firstIndex(where: { $0.key == key }) else { return nil }
        let found = layout.pointee.plans.others[place]
        layout.pointee.plans.others[place] = entry.pointee
        entry.pointee = found
        return found
    }

    fileprivate var hasRoom: Bool { others.count < Self.most || evictions < Self.mostEvictions }

    fileprivate static func keep(
        _ plan: UnsafeMutableRawPointer?, _ key: UInt64, _ layout: UnsafeMutablePointer<Layout>
    ) {
        let entry = entries(of: layout) + Int(key & 3)
        if entry.pointee.key != 0 {
            if layout.pointee.plans.others.count == most {
                layout.pointee.plans.evictions += 1
                layout.pointee.plans.others.removeFirst().plan?.deallocate()
            }
            layout.pointee.plans.others.append(entry.pointee)
        }
        entry.pointee.key = key
        entry.pointee.plan = plan
    }

    func free() {
        for entry in [first, second, third, fourth] + others { entry.plan?.deallocate() }
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

    /// The plan that was kept under a key, when it is found at once.
    @inlinable
    @inline(__always)
    package func plan(_ key: UInt64) -> UnsafeMutableRawPointer? {
        let entry = LayoutPlans.entries(of: layout) + Int(truncatingIfNeeded: key & 3)
        return entry.pointee.key == key ? entry.pointee.plan : nil
    }

    /// The plan that was kept under a key, or else a new one; nil when there can't be one, or when so many are asked for in
    /// turn that it isn't worth it.
    ///
    /// - Parameter make: must answer what `UnsafeMutableRawPointer.allocate` gave, without anything that needs an end.
    package func plan(
        _ key: UInt64, _ make: (ObjectLayout) -> UnsafeMutableRawPointer?
    ) -> UnsafeMutableRawPointer? {
        if let entry = LayoutPlans.find(key, layout) { return entry.plan }
        guard layout.pointee.plans.hasRoom else { return nil }
        let plan = make(self)
        LayoutPlans.keep(plan, key, layout)
        return plan
    }

    private static let readers = Atomic<UInt64>(0)

    /// The first of 2^32 keys for a reader's plans; no other reader gets them.
    package static func newKeys() -> UInt64 {
        readers.wrappingAdd(1, ordering: .relaxed).newValue << 32
    }
}
