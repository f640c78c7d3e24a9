import Glibc

/// Ports of this machine's own address, for tests and demonstrations.
public enum Loopback {
    /// A TCP port on 127.0.0.1 that was free a moment ago. Another process may take it before you do: bind port 0
    /// yourself wherever you can, and use this for programs that must be told a port.
    public static func freePort() throws(SystemError) -> Int {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw .last("socket", "127.0.0.1") }
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let failure = withUnsafeMutablePointer(to: &address) { address in
            address.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
                bind(socket, address, length) == 0 && getsockname(socket, address, &length) == 0 ? 0 : errno
            }
        }
        guard failure == 0 else { throw SystemError("bind", "127.0.0.1", code: failure) }
        return Int(in_port_t(bigEndian: address.sin_port))
    }
}
