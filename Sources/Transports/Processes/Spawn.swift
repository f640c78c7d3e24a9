import CLinux
import Glibc

/// posix_spawn(3) with everything a child should not inherit taken away.
enum Spawn {
    struct Started {
        let pid: Int32
        let input: PipeEnd?
        let output: PipeEnd?
        let errors: PipeEnd?
    }

    static func start(
        _ program: String, _ arguments: [String], _ options: ChildProcess.Options
    ) throws(SystemError) -> Started {
        var streams = Streams(program)
        defer { streams.close() }
        try streams.prepareInput(options.input)
        let output = try streams.prepareOutput(options.output, as: STDOUT_FILENO)
        let errors = try streams.prepareOutput(options.errors, as: STDERR_FILENO)
        if let folder = options.folder { posix_spawn_file_actions_addchdir_np(&streams.actions, folder) }
        // Libraries open descriptors without O_CLOEXEC; a child that keeps a socket open keeps its peer waiting.
        posix_spawn_file_actions_addclosefrom_np(&streams.actions, STDERR_FILENO + 1)

        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        setSignals(&attributes, leadsGroup: options.leadsGroup)

        var pid: pid_t = 0
        let failure = withCStrings([program] + arguments) { arguments in
            guard let environment = options.environment else {
                return posix_spawnp(&pid, program, &streams.actions, &attributes, arguments, omni_environment())
            }
            return withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                posix_spawnp(&pid, program, &streams.actions, &attributes, arguments, environment)
            }
        }
        guard failure == 0 else { throw SystemError("posix_spawn", program, code: failure) }
        return Started(pid: pid, input: streams.input, output: output, errors: errors)
    }

    /// No signal blocked, all at their default: a server blocks and ignores some, which a child would inherit.
    private static func setSignals(_ attributes: inout posix_spawnattr_t, leadsGroup: Bool) {
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let group = leadsGroup ? POSIX_SPAWN_SETPGROUP : 0
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | group))
    }

    /// Lends a null-terminated array of C strings.
    private static func withCStrings<Result>(
        _ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> Result
    ) -> Result {
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }

    /// The child's standard streams, and the ends of pipes that only the child keeps.
    private struct Streams {
        var actions = posix_spawn_file_actions_t()
        private(set) var input: PipeEnd?
        private var childEnds: [Int32] = []
        private let program: String

        init(_ program: String) {
            self.program = program
            posix_spawn_file_actions_init(&actions)
        }

        mutating func close() {
            posix_spawn_file_actions_destroy(&actions)
            for end in childEnds { Glibc.close(end) }
        }

        mutating func prepareInput(_ source: ChildProcess.Input) throws(SystemError) {
            switch source {
            case .inherit:
                break
            case .null:
                posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
            case .pipe:
                let pipe = try Pipe(program)
                input = PipeEnd(pipe.writeEnd, subject: program)
                give(pipe.readEnd, as: STDIN_FILENO)
            }
        }

        mutating func prepareOutput(
            _ target: ChildProcess.Output, as stream: Int32
        ) throws(SystemError) -> PipeEnd? {
            switch target {
            case .inherit:
                return nil
            case .null:
                posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0)
                return nil
            case .file(let path):
                // Opened here, so that a failure names the file.
                let file = retryingInterrupts { open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644) }
                guard file >= 0 else { throw .last("open", path) }
                give(file, as: stream)
                return nil
            case .pipe:
                let pipe = try Pipe(program)
                give(pipe.writeEnd, as: stream)
                return PipeEnd(pipe.readEnd, subject: program)
            }
        }

        private mutating func give(_ descriptor: Int32, as stream: Int32) {
            childEnds.append(descriptor)
            posix_spawn_file_actions_adddup2(&actions, descriptor, stream)
        }
    }
}
