import FuzzTargets
import Glibc

// What libFuzzer calls. OMNI_FUZZ_TARGET names the target; without it, the targets are listed.

/// Set once, before the first input.
private nonisolated(unsafe) var target: FuzzTarget?

/// Chooses the target; ends the process when there is none of that name.
@_cdecl("LLVMFuzzerInitialize")
public func initialize(
    _ count: UnsafeMutablePointer<Int32>,
    _ words: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?>
) -> Int32 {
    let name = getenv("OMNI_FUZZ_TARGET").map { String(cString: $0) }
    target = name.flatMap(FuzzTarget.init)
    if target == nil {
        print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
        exit(name == nil ? 0 : 2)
    }
    return 0
}

/// Runs one input. What it must not do ends the process.
@_cdecl("LLVMFuzzerTestOneInput")
public func test(_ data: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
    target!.run(Array(UnsafeBufferPointer(start: data, count: size)))
    return 0
}
