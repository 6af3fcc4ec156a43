private import CCurl
private import Glibc

/// The multi handle, owned, and the transfers in it. Belongs to the loop's thread.
@safe
final class Transfers {
    private let configuration: BackChannelConfiguration
    private let multi: UnsafeMutableRawPointer
    private let share: UnsafeMutableRawPointer
    private var running: [UInt: Transfer] = [:]

    /// Whether one more may start.
    var hasRoom: Bool { self.running.count < max(1, self.configuration.maximumConcurrentTransfers) }

    /// Wakes `poll`.
    var bell: TransferBell { unsafe TransferBell(multi: self.multi) }

    /// Once for the process; not thread-safe in older libcurls, so a constant guards it.
    private static let isReady = curl_global_init(Int(CURL_GLOBAL_DEFAULT)) == CURLE_OK

    init?(_ configuration: BackChannelConfiguration) {
        guard Self.isReady, let multi = unsafe curl_multi_init() else { return nil }
        guard let share = unsafe curl_share_init() else {
            unsafe curl_multi_cleanup(multi)
            return nil
        }
        self.configuration = configuration
        unsafe self.multi = multi
        unsafe self.share = share
        // A multi handle shares connections among its transfers, but not TLS sessions. One thread: no lock functions.
        unsafe gatehouse_share_add(share, CURL_LOCK_DATA_SSL_SESSION)
        let connections = max(1, configuration.maximumConcurrentTransfers)
        unsafe gatehouse_multi_set_number(multi, CURLMOPT_MAXCONNECTS, connections)
    }

    deinit {
        self.failAll(.shutDown)
        unsafe curl_multi_cleanup(self.multi)
        unsafe curl_share_cleanup(self.share)
    }

    /// Puts a request on its way, or answers it at once when it cannot be sent.
    func start(_ order: TransferLoop.Order) {
        let transfer: Transfer
        do {
            transfer = try unsafe Transfer(order, self.configuration, share: self.share)
        } catch {
            order.continuation.resume(returning: .failure(error))
            return
        }
        let code = unsafe curl_multi_add_handle(self.multi, transfer.easy)
        guard code == CURLM_OK else {
            order.continuation.resume(returning: .failure(.other(code: code.rawValue, "curl_multi_add_handle failed")))
            return
        }
        self.running[order.number] = transfer
    }

    /// Ends a transfer; its connection is closed with it.
    func cancel(_ number: UInt) {
        self.remove(number)?.finish(.cancelled)
    }

    func failAll(_ error: BackChannelError) {
        for number in Array(self.running.keys) { self.remove(number)?.finish(error) }
    }

    /// Moves every transfer as far as it goes without waiting, and answers those that are done.
    func perform() {
        var unfinished: Int32 = 0
        let code = unsafe curl_multi_perform(self.multi, &unfinished)
        guard self.succeeded(code) else { return }
        var done: [(number: UInt, result: CURLcode)] = []
        var left: Int32 = 0
        while let message = unsafe curl_multi_info_read(self.multi, &left)?.pointee {
            guard unsafe message.msg == CURLMSG_DONE else { continue }
            unsafe done.append((Transfer.number(of: message.easy_handle), message.data.result))
        }
        for (number, result) in done { self.remove(number)?.finish(code: Int32(bitPattern: result.rawValue)) }
    }

    /// Sleeps until a socket, a deadline or the bell needs us.
    func poll() {
        let code = unsafe curl_multi_poll(self.multi, nil, 0, .max, nil)
        _ = self.succeeded(code)
    }

    /// The multi handle itself fails when memory or descriptors run out: fail everybody, breathe, go on.
    private func succeeded(_ code: CURLMcode) -> Bool {
        guard code != CURLM_OK else { return true }
        self.failAll(.other(code: code.rawValue, "libcurl's multi handle failed"))
        usleep(50_000)
        return false
    }

    private func remove(_ number: UInt) -> Transfer? {
        guard let transfer = self.running.removeValue(forKey: number) else { return nil }
        unsafe curl_multi_remove_handle(self.multi, transfer.easy)
        return transfer
    }
}

/// Wakes the loop's thread.
///
/// `@unchecked`, because a pointer is not `Sendable`: the only thing done with this one is `curl_multi_wakeup`, which
/// libcurl allows from any thread, and `TransferLoop` does it under the lock that also guards the handle's end.
@safe
struct TransferBell: @unchecked Sendable {
    private let multi: UnsafeMutableRawPointer

    @unsafe
    init(multi: UnsafeMutableRawPointer) {
        unsafe self.multi = multi
    }

    func ring() {
        unsafe curl_multi_wakeup(self.multi)
    }
}

extension Duration {
    /// Whole milliseconds, rounded up.
    var milliseconds: Int64 {
        let (seconds, attoseconds) = self.components
        let fraction = attoseconds <= 0 ? 0 : (attoseconds - 1) / 1_000_000_000_000_000 + 1
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1000)
        return overflow ? (seconds < 0 ? .min : .max) : product.addingReportingOverflow(fraction).partialValue
    }
}
