/// The names of objects that stood at one place of earlier documents, in their order.
///
/// Documents of one kind name their members in the same order again and again. So the parser compares a name with the one
/// that came next the last time, quotes and colon and all, before it reads it letter by letter; as a layout's names
/// differ, names that followed it differ too. An object that has exactly a layout's members says so in its word, and
/// readers keep with the layout what they have worked out about it (``LayoutPlans``).
///
/// Layouts belong to a tape, and are found by place: that of the root, then one for the objects in each member's value.
/// In memory the names follow: ``names``.
@usableFromInline
struct Layout {
    /// The word of an object that has exactly its members, but for its end.
    let head: UInt64
    let count: Int
    /// What readers have worked out for objects of this layout.
    @usableFromInline var plans: LayoutPlans
    /// What the names' texts lie in.
    let text: UnsafeMutablePointer<UInt8>
    /// How many objects at its place had other names.
    var misses = 0

    /// An object of more members has none: its word has eight bits for their number.
    static let mostNames = 64
    static let longestName = 64
    /// What a tape keeps at most: an object's word has more room than that.
    static let mostLayouts = 128
    /// So many objects of other names, and the layout gives way.
    static let patience = 8

    /// A layout's names, then one that never matches.
    @inline(__always)
    static func names(of layout: UnsafeMutablePointer<Layout>) -> UnsafeMutablePointer<LayoutName> {
        (UnsafeMutableRawPointer(layout) + MemoryLayout<Layout>.stride).assumingMemoryBound(to: LayoutName.self)
    }

    /// Makes a layout.
    static func make(number: Int, _ names: [UnsafeBufferPointer<UInt8>]) -> UnsafeMutablePointer<Layout> {
        // Names are loaded sixteen bytes at a time.
        let room = names.reduce(16) { $0 + $1.count + LayoutName.around }
        let text = UnsafeMutablePointer<UInt8>.allocate(capacity: room)
        text.initialize(repeating: 0, count: room)
        let memory = UnsafeMutableRawPointer.allocate(
            byteCount: MemoryLayout<Layout>.stride + (names.count + 1) * MemoryLayout<LayoutName>.stride,
            alignment: MemoryLayout<LayoutName>.alignment)
        let layout = memory.bindMemory(to: Layout.self, capacity: 1)
        let head = Word.object(layout: number, count: names.count, end: 0)
        layout.initialize(to: Layout(head: head, count: names.count, plans: LayoutPlans(), text: text))
        let list = self.names(of: layout)
        var start = text
        let inner = LayoutPlace(layout: number == 0 ? layout : Layouts.none)
        for (place, name) in names.enumerated() {
            (list + place).initialize(to: LayoutName(name, at: start, inner))
            start += name.count + LayoutName.around
        }
        (list + names.count).initialize(to: LayoutName(never: text, inner))
        return layout
    }

    static func free(_ layout: UnsafeMutablePointer<Layout>) {
        layout.pointee.plans.free()
        layout.pointee.text.deallocate()
        layout.deinitialize(count: 1)
        UnsafeMutableRawPointer(layout).deallocate()
    }
}

/// The objects at one place of documents: their layout, or the one without names.
struct LayoutPlace {
    var layout: UnsafeMutablePointer<Layout>
    /// Whether there was one without layout: a single one is not worth one.
    var wasSeen = false
}

/// A name as the parser meets it: `"name":`.
struct LayoutName {
    /// The first sixteen bytes, and which of their bits count.
    let first: UInt64
    let second: UInt64
    let firstMask: UInt64
    let secondMask: UInt64
    /// All of it: what lies behind sixteen bytes is compared with this.
    let text: UnsafePointer<UInt8>
    /// Of the name alone.
    let length: Int
    /// A word of the tape for it, but for its offset.
    let word: UInt64
    /// The objects in this member's value.
    var inner: LayoutPlace
    /// The length of the member's value the last time, when that was a string of less than 32 bytes: the bit of that
    /// number.
    var lastText: UInt32 = 1
    /// The member's value the last time, when that was a short number without sign and exponent.
    var lastNumber = Digits()

    /// Where a number has its digits.
    struct Digits: BitwiseCopyable {
        /// Which bytes are no digits, up to the one behind the number; and so many bits.
        let others: UInt32
        let mask: UInt32
        /// How many digits stand before the point, and how long it is.
        let whole: Int
        let length: Int

        var isInteger: Bool { whole == length }

        /// Matches no number: of all bytes one is no digit.
        init() { (others, mask, whole, length) = (0, .max, 0, 0) }

        /// Those of a number of less than sixteen bytes, which begins with a digit.
        @inline(__always)
        init?(_ others: UInt32, hasPoint: (Int) -> Bool) {
            whole = others.trailingZeroBitCount
            guard whole > 0, whole < 16 else { return nil }
            length = hasPoint(whole) ? (others & (others &- 1)).trailingZeroBitCount : whole
            guard length == whole || length > whole &+ 1, length < 16 else { return nil }
            mask = 2 &<< UInt32(truncatingIfNeeded: length) &- 1
            self.others = others & mask
        }
    }

    /// Quotes and colon.
    static let around = 3

    /// - Parameter start: where its text shall lie; behind it sixteen bytes are read.
    init(_ name: UnsafeBufferPointer<UInt8>, at start: UnsafeMutablePointer<UInt8>, _ inner: LayoutPlace) {
        let behind = start + 1 + name.count
        start[0] = UInt8(ascii: "\"")
        (start + 1).update(from: name.baseAddress.unsafelyUnwrapped, count: name.count)
        behind[0] = UInt8(ascii: "\"")
        behind[1] = UInt8(ascii: ":")
        length = name.count
        word = Word.text(.string, offset: 0, length: length, flag: false)
        firstMask = Self.mask(length + Self.around)
        secondMask = Self.mask(length + Self.around - 8)
        first = UnsafeRawPointer(start).loadUnaligned(as: UInt64.self) & firstMask
        second = UnsafeRawPointer(start).loadUnaligned(fromByteOffset: 8, as: UInt64.self) & secondMask
        text = UnsafePointer(start)
        self.inner = inner
    }

    /// Matches no text.
    init(never text: UnsafeMutablePointer<UInt8>, _ inner: LayoutPlace) {
        (first, second, firstMask, secondMask) = (1, 1, 0, 0)
        self.text = UnsafePointer(text)
        length = 0
        word = 0
        self.inner = inner
    }

    /// The bits of a text's first bytes, in a word of eight.
    private static func mask(_ bytes: Int) -> UInt64 {
        bytes >= 8 ? .max : bytes <= 0 ? 0 : UInt64(littleEndian: (1 << UInt64(bytes * 8)) - 1)
    }

    /// Whether the text at a place begins with the name in quotes and a colon. Sixteen bytes behind the place are read.
    @inline(__always)
    static func isAt(_ place: UnsafeMutablePointer<UInt8>, _ name: UnsafeMutablePointer<LayoutName>) -> Bool {
        let found = UnsafeRawPointer(place)
        let first = found.loadUnaligned(as: UInt64.self) & name.pointee.firstMask ^ name.pointee.first
        let second =
            found.loadUnaligned(fromByteOffset: 8, as: UInt64.self) & name.pointee.secondMask ^ name.pointee.second
        return first | second == 0 && (_fastPath(name.pointee.length <= 16 - around) || name.pointee.isRestAt(place))
    }

    @inline(never)
    private func isRestAt(_ place: UnsafeMutablePointer<UInt8>) -> Bool {
        compareBytes(place + 16, text + 16, length + Self.around - 16)
    }

    /// Whether a name that was read is this one.
    func isName(_ start: UnsafePointer<UInt8>, length: Int) -> Bool {
        length == self.length && compareBytes(start, text + 1, length)
    }

    /// The place of the objects in a member's value, in the layout's memory.
    @inline(__always)
    static func inner(of name: UnsafeMutablePointer<LayoutName>) -> UnsafeMutablePointer<LayoutPlace> {
        let offset = MemoryLayout<LayoutName>.offset(of: \.inner).unsafelyUnwrapped
        return (UnsafeMutableRawPointer(name) + offset).assumingMemoryBound(to: LayoutPlace.self)
    }
}
