#if canImport(Glibc)
    import Glibc
#endif

/// A growing array of plain values in memory of its own.
///
/// The engine's innermost loops run over these: an `Array` in a struct costs a uniqueness check at every write, and a
/// reference count wherever the struct is lent.
struct Table<Element: BitwiseCopyable>: ~Copyable {
    private(set) var start: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 64) {
        self.capacity = capacity
        start = .allocate(capacity: capacity)
    }

    deinit { start.deallocate() }

    var isEmpty: Bool { count == 0 }
    var indices: Range<Int> { 0..<count }

    subscript(_ index: Int) -> Element {
        @inline(__always) get {
            assert(index >= 0 && index < count)
            return start[index]
        }
        @inline(__always) _modify {
            assert(index >= 0 && index < count)
            yield &start[index]
        }
    }

    @inline(__always)
    subscript(_ index: Int32) -> Element {
        @inline(__always) get { self[Int(index)] }
        @inline(__always) _modify { yield &self[Int(index)] }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow(count + 1) }
        (start + count).initialize(to: element)
        count += 1
    }

    mutating func append(_ elements: UnsafeBufferPointer<Element>) {
        guard let base = elements.baseAddress else { return }
        if count + elements.count > capacity { grow(count + elements.count) }
        (start + count).update(from: base, count: elements.count)
        count += elements.count
    }

    /// Makes room for so many in all.
    mutating func reserve(_ wanted: Int) {
        if wanted > capacity { grow(wanted) }
    }

    mutating func insert(_ element: Element, at index: Int) {
        if count == capacity { grow(count + 1) }
        (start + index + 1).update(from: start + index, count: count - index)
        start[index] = element
        count += 1
    }

    /// Drops what lies behind the first so many.
    mutating func removeAll(from index: Int = 0) { count = index }

    mutating func removeAll(where isDropped: (Element) -> Bool) {
        var kept = 0
        for index in 0..<count where !isDropped(start[index]) {
            start[kept] = start[index]
            kept += 1
        }
        count = kept
    }

    var all: UnsafeBufferPointer<Element> { UnsafeBufferPointer(start: start, count: count) }

    func buffer(_ range: TextRange) -> UnsafeBufferPointer<Element> {
        UnsafeBufferPointer(start: start + Int(range.start), count: Int(range.count))
    }

    private mutating func grow(_ wanted: Int) {
        let larger = max(wanted, capacity * 2)
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: larger)
        grown.update(from: start, count: count)
        start.deallocate()
        start = grown
        capacity = larger
    }
}

@inline(__always)
func sameBytes(_ one: UnsafePointer<UInt8>, _ other: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    // What is long is worth a call.
    if count > 32 { return memcmp(one, other, count) == 0 }
    var at = 0
    while at + 8 <= count {
        let left = UnsafeRawPointer(one + at).loadUnaligned(as: UInt64.self)
        let right = UnsafeRawPointer(other + at).loadUnaligned(as: UInt64.self)
        if left != right { return false }
        at += 8
    }
    while at < count {
        if one[at] != other[at] { return false }
        at += 1
    }
    return true
}

/// The order of two texts by their bytes: below zero, zero, above.
@inline(__always)
func byteOrder(_ one: UnsafeBufferPointer<UInt8>, _ other: UnsafeBufferPointer<UInt8>) -> Int {
    let common = min(one.count, other.count)
    var at = 0
    while at < common {
        let difference = Int(one[at]) - Int(other[at])
        if difference != 0 { return difference }
        at += 1
    }
    return one.count - other.count
}
