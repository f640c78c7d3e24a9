import Document
import TestHub
import Transports

#if canImport(Glibc)
    import Glibc
#endif

/// The program itself, as operators start it.
struct Program {
    let plant: Plant

    /// It lies beside the tests.
    private static let path: String = {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = max(0, readlink("/proc/self/exe", &buffer, buffer.count))
        let path = String(decoding: buffer[..<count].map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return path.split(separator: "/").dropLast().map { "/" + $0 }.joined() + "/omni"
    }()

    private func start(_ arguments: [String], output: ChildProcess.Output, errors: String) throws -> ChildProcess {
        try ChildProcess(
            Self.path, arguments + ["-C", plant.folder],
            options: .init(
                environment: ["DATA": "\(plant.folder)/var", "PATH": "/usr/bin:/bin"], output: output,
                errors: .file(errors)))
    }

    /// What a command that ends has said.
    struct Answer {
        let status: ExitStatus
        let output: String
        let errors: String
    }

    /// Runs a command to its end.
    func run(_ arguments: String...) throws -> Answer {
        let errors = "\(plant.folder)/errors.txt"
        Plant.remove(errors)
        let child = try start(arguments, output: .pipe, errors: errors)
        let output = try child.output?.readToEnd() ?? []
        let status = child.wait()
        return Answer(
            status: status, output: String(decoding: output, as: UTF8.self),
            errors: String(decoding: Plant.read(errors) ?? [], as: UTF8.self))
    }

    /// Runs a command that goes on, as long as the body does.
    func running<Result>(_ arguments: String..., body: (RunningProgram) throws -> Result) throws -> Result {
        let log = "\(plant.folder)/log.txt"
        let child = try start(arguments, output: .null, errors: log)
        defer { child.terminate(grace: .seconds(20)) }
        return try body(RunningProgram(plant: plant, child: child, logFile: log))
    }
}

/// `omni up` or `omni hub`, running.
struct RunningProgram {
    let plant: Plant
    let child: ChildProcess
    let logFile: String

    /// The pid that `omni up` has noted for one of its processes.
    func pid(of name: String) -> Int32? {
        Plant.read("\(plant.folder)/var/run/\(name).pid").flatMap {
            Int32(String(decoding: $0.prefix { $0 != 10 }, as: UTF8.self))
        }
    }

    /// Waits for a process of `omni up`; other than this one, if so.
    func process(_ name: String, after old: Int32? = nil) throws -> Int32 {
        try eventually("\(name) runs", within: .seconds(60)) {
            if let status = child.status { throw Plant.Failure("'omni up' has ended: \(status): \(log)") }
            return pid(of: name).map { $0 != old } ?? false
        }
        return pid(of: name) ?? 0
    }

    var log: String { String(decoding: Plant.read(logFile) ?? [], as: UTF8.self) }

    /// The log's lines that hold all of these words.
    func lines(_ words: String...) -> [JSON] {
        log.split(separator: "\n").filter { line in words.allSatisfy { line.contains($0) } }.compactMap {
            try? JSON(parsing: Array($0.utf8))
        }
    }
}
