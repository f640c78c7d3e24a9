import CLinux
import Glibc
import Testing

@testable import Transports

@Suite struct ThreadTests {
    @Test func `A thread runs its closure under its name, and join waits for it`() throws {
        let name = Monitor("")
        let thread = try NamedThread("till-source-of-the-shop") {
            var buffer = [CChar](repeating: 0, count: 16)
            pthread_getname_np(pthread_self(), &buffer, buffer.count)
            let read = buffer.withUnsafeBufferPointer { String(cString: $0.baseAddress.unsafelyUnwrapped) }
            name.withLock { $0 = read }
        }
        thread.join()
        thread.join()
        #expect(name.withLock { $0 } == "till-source-of-")
    }

    @Test func `A name is never cut within a letter`() throws {
        let thread = try NamedThread("ääääääää") {
            var buffer = [CChar](repeating: 0, count: 16)
            pthread_getname_np(pthread_self(), &buffer, buffer.count)
            #expect(buffer.withUnsafeBufferPointer { String(validatingCString: $0.baseAddress!) } == "äääääää")
        }
        thread.join()
    }

    @Test func `A thread has the stack that was asked for`() throws {
        let size = Monitor(0)
        let thread = try NamedThread("deep", stackSize: 64 << 20) {
            size.withLock { $0 = recurse(5_000) }
        }
        thread.join()
        #expect(size.withLock { $0 } == 5_000)
    }

    @Test func `A thread takes what no other thread can touch`() throws {
        final class Unshared { var count = 0 }
        let unshared = Unshared()
        let result = Monitor(0)
        let thread = try NamedThread("owner") {
            unshared.count += 1
            result.withLock { $0 = unshared.count }
        }
        thread.join()
        #expect(result.withLock { $0 } == 1)
    }

    @Test func `A monitor wakes those who wait for what becomes true`() throws {
        let queue = Monitor<[Int]>([])
        let taken = Monitor<[Int]>([])
        let threads = try (0..<4).map { number in
            try NamedThread("taker-\(number)") {
                for _ in 0..<250 {
                    let item = queue.wait { $0.isEmpty ? nil : $0.removeFirst() }
                    taken.withLock { $0.append(item) }
                }
            }
        }
        for item in 0..<1000 { queue.withLock { $0.append(item) } }
        for thread in threads { thread.join() }
        #expect(taken.withLock { $0.sorted() } == Array(0..<1000))
    }

    @Test func `A monitor's wait ends with its time, and not before what it waits for`() {
        let value = Monitor(0)
        #expect(value.wait(for: .milliseconds(1)) { $0 == 1 ? true : nil } == nil)
        #expect(value.wait(for: .seconds(-1)) { $0 == 0 ? true : nil } == true)
        #expect(value.wait(for: .seconds(1 << 40)) { $0 == 0 ? true : nil } == true)
    }
}

/// At least four kilobytes of stack a level: 20 MB for 5,000, more than any thread has by default.
@inline(never)
private func recurse(_ depth: Int) -> Int {
    var ballast = InlineArray<512, Int>(repeating: depth)
    let below = depth == 0 ? 0 : recurse(depth - 1)
    ballast[depth % 512] += below
    return ballast[depth % 512] - below == depth ? (depth == 0 ? 0 : below + 1) : -1
}
