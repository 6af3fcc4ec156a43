/// Which node of a cluster has which slot, as `CLUSTER SLOTS` tells it.
package struct ClusterSlots: Equatable, Sendable {
    /// There are always so many.
    package static let count = 16_384

    /// Every primary that has a slot.
    package private(set) var nodes: [RedisConfiguration.Address]
    /// For each slot the place of its node in `nodes`; -1: nobody has it.
    private var owners: [Int16]

    /// Reads an answer to `CLUSTER SLOTS`; nil when it is none. `asked` stands for a node that does not know its own name.
    package init?(_ reply: Reply, asked: RedisConfiguration.Address) {
        guard case .array(let ranges) = reply, !ranges.isEmpty, ranges.count <= Self.count else { return nil }
        self.nodes = []
        self.owners = [Int16](repeating: -1, count: Self.count)
        for range in ranges {
            guard case .array(let parts) = range, parts.count >= 3, case .integer(let first) = parts[0],
                case .integer(let last) = parts[1], case .array(let node) = parts[2], node.count >= 2,
                case .integer(let port) = node[1], first >= 0, first <= last, last < Self.count,
                (1...65_535).contains(port)
            else { return nil }
            let host: String =
                switch node[0] {
                case .bytes(let name): String(decoding: name, as: UTF8.self)
                default: ""
                }
            let owner = self.place(of: asked.elsewhere(host: host, port: Int(port)))
            for slot in Int(first)...Int(last) { self.owners[slot] = owner }
        }
    }

    /// The node that has a slot; nil: nobody.
    package subscript(slot: Int) -> RedisConfiguration.Address? {
        let owner = self.owners[slot]
        return owner < 0 ? nil : self.nodes[Int(owner)]
    }

    /// A node said that a slot has moved.
    package mutating func move(_ slot: Int, to address: RedisConfiguration.Address) {
        self.owners[slot] = self.place(of: address)
    }

    private mutating func place(of address: RedisConfiguration.Address) -> Int16 {
        if let known = self.nodes.firstIndex(of: address) { return Int16(known) }
        self.nodes.append(address)
        return Int16(self.nodes.count - 1)
    }

    /// The slot of a key: CRC16 of the part between the first `{` and the next `}`, if there is one and it is not empty,
    /// else of the whole.
    package static func slot(of key: [UInt8]) -> Int {
        var hashed = key[...]
        if let open = key.firstIndex(of: UInt8(ascii: "{")),
            let close = key[(open + 1)...].firstIndex(of: UInt8(ascii: "}")), close > open + 1
        {
            hashed = key[(open + 1)..<close]
        }
        return Int(Self.crc16(hashed)) % Self.count
    }

    /// CRC-16/XMODEM, as the Redis Cluster specification has it.
    private static func crc16(_ bytes: ArraySlice<UInt8>) -> UInt16 {
        var value: UInt16 = 0
        for byte in bytes {
            value ^= UInt16(byte) << 8
            for _ in 0..<8 { value = value & 0x8000 == 0 ? value << 1 : value << 1 ^ 0x1021 }
        }
        return value
    }
}

extension RedisConfiguration.Address {
    /// Another server, named by this one. An empty name stands for the host it is said by.
    func elsewhere(host: String, port: Int) -> RedisConfiguration.Address {
        if case .tcp(let own, _) = self, host.isEmpty || host == "?" { return .tcp(host: own, port: port) }
        return .tcp(host: host, port: port)
    }
}

extension RedisCommand {
    /// The slot of the command's key; nil for a command without one.
    ///
    /// Our commands have their key first, scripts after the script and the number of keys. A script with several keys
    /// has them in one slot, which their hash tags see to.
    package var slot: Int? {
        let place = self.isScript ? 3 : 1
        guard self.arguments.count > place, !self.isKeyless else { return nil }
        return ClusterSlots.slot(of: self.arguments[place])
    }

    private var isScript: Bool {
        self.isNamed("EVAL") || self.isNamed("EVALSHA")
    }

    private var isKeyless: Bool {
        self.isNamed("PING") || self.isNamed("CLIENT") || self.isNamed("CLUSTER") || self.isNamed("SCRIPT")
            || self.isNamed("INFO") || self.isNamed("PUBLISH") || (self.isScript && self.arguments[2] == [0x30])
    }

    private func isNamed(_ name: StaticString) -> Bool {
        let given = self.arguments[0]
        return given.count == name.utf8CodeUnitCount && String(decoding: given, as: UTF8.self).uppercased() == "\(name)"
    }
}
