import NIOCore

/// Where an exchange's request comes from and its answer goes: an HTTP/1.1 connection, or a stream of HTTP/2.
protocol Downstream: AnyObject {
    /// Whether the browser takes more just now.
    var isWritable: Bool { get }
    /// What has been written and is still held here; `nil`: nothing.
    var unsent: Unsent? { get }
    func write(_ bytes: ByteBuffer)
    func flush()
    /// More of the request can be dealt with.
    func read()
    /// Nothing more will be written; what has been still arrives.
    func endOutput()
    func abort()
}

extension ChannelHandlerContext: Downstream {
    var isWritable: Bool { self.channel.isWritable }

    var unsent: Unsent? { self.channel.unsent }

    func write(_ bytes: ByteBuffer) {
        self.write(NIOAny(bytes), promise: nil)
    }

    func endOutput() {
        self.close(mode: .output, promise: nil)
    }

    func abort() {
        self.close(promise: nil)
    }
}
