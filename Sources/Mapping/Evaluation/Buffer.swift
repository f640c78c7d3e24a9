/// A growing stack of plain values in memory that is kept from record to record.
struct Buffer<Element: BitwiseCopyable>: ~Copyable {
    private(set) var base: UnsafeMutablePointer<Element>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 256) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }

    deinit { base.deallocate() }

    subscript(index: Int) -> Element {
        @inline(__always) get { base[index] }
        @inline(__always) nonmutating set { base[index] = newValue }
    }

    @inline(__always)
    mutating func append(_ element: Element) {
        if count == capacity { grow() }
        base[count] = element
        count &+= 1
    }

    @inline(__always)
    mutating func truncate(_ count: Int) { self.count = count }

    /// Makes the stack higher by so many elements, which the caller writes.
    @inline(__always)
    mutating func extend(by added: Int) -> UnsafeMutablePointer<Element> {
        let start = count
        while count + added > capacity { grow() }
        count += added
        return base + start
    }

    @inline(never)
    private mutating func grow() {
        let grown = UnsafeMutablePointer<Element>.allocate(capacity: capacity * 2)
        grown.update(from: base, count: count)
        base.deallocate()
        base = grown
        capacity *= 2
    }
}
