/// The sockets that a service manager has opened for us (sd_listen_fds of systemd).
package enum InheritedSockets {
    /// The first of them; below are standard input, output and error.
    private static let first: CInt = 3

    /// By name. Those without one are called "1", "2", … in their order.
    package static func read(_ environment: [String: String], processID: Int32) -> [String: CInt] {
        guard let owner = environment["LISTEN_PID"].flatMap(Int32.init), owner == processID,
            let count = environment["LISTEN_FDS"].flatMap(Int32.init), (1...256).contains(count)
        else { return [:] }
        let names = (environment["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
        var sockets: [String: CInt] = [:]
        for index in 0..<count {
            let socket = Self.first + index
            sockets[String(index + 1)] = socket
            if names.count == Int(count), !names[Int(index)].isEmpty { sockets[String(names[Int(index)])] = socket }
        }
        return sockets
    }
}
