import CFuzzer
import FuzzTargets
import Glibc

// omni-fuzz TARGET [libFuzzer's options] [corpus…]: feeds a target. `omni-fuzz --targets` names them.

/// The target, set once before libFuzzer calls back.
nonisolated(unsafe) var target: FuzzTarget?

var arguments = CommandLine.arguments
guard arguments.count > 1, arguments[1] != "--targets" else {
    print(FuzzTarget.allCases.map(\.rawValue).joined(separator: "\n"))
    exit(0)
}
target = FuzzTarget(rawValue: arguments.remove(at: 1))
guard target != nil else {
    print("there is no such target; there are: \(FuzzTarget.allCases.map(\.rawValue).joined(separator: " "))")
    exit(2)
}
var count = Int32(arguments.count)
var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
words.withUnsafeMutableBufferPointer { buffer in
    var start = buffer.baseAddress
    let status = LLVMFuzzerRunDriver(&count, &start) { data, size in
        target!.run(Array(UnsafeBufferPointer(start: data, count: size)))
        return 0
    }
    exit(status)
}
