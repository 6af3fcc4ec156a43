import NIOCore

extension Channel {
    /// Lets nobody into the kernel's queue of a listening socket any more. Those who stand in it when it is closed are
    /// broken off, with what they have sent; those who are not let in ask again a second later, and hear that nobody is
    /// there.
    ///
    /// The kernel has no word for it. But it drops what has come a longer way than a socket wants to hear of (RFC 5082), and
    /// with 255 every way is too long.
    func turnAway() async {
        for (level, name) in [(NIOBSDSocket.OptionLevel.ip, Self.leastTTL), (.ipv6, Self.leastHopLimit)] {
            let option = ChannelOptions.Types.SocketOption(level: level, name: name)
            // One of them is not of this socket's kind.
            try? await self.setOption(option, value: 255).get()
        }
    }

    /// `IP_MINTTL` and `IPV6_MINHOPCOUNT`, which NIO does not name.
    private static var leastTTL: NIOBSDSocket.Option { .init(rawValue: 21) }
    private static var leastHopLimit: NIOBSDSocket.Option { .init(rawValue: 73) }
}
