package import NIOCore
private import Synchronization

/// How often one address may begin a sign-in: a bucket of tokens for each, refilled steadily. Shared by all workers.
package final class SignInLimit: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: NIODeadline
    }

    private let perMinute: Int
    private let buckets = Mutex<[AddressGroup: Bucket]>([:])
    /// Emptied when full: a crowd of addresses is not held back by this anyway.
    private static let capacity = 65_536

    /// - Parameter perMinute: also how many at once; 0 for no limit.
    package init?(perMinute: Int) {
        guard perMinute > 0 else { return nil }
        self.perMinute = perMinute
    }

    /// Takes a token. `false`: there is none.
    package func take(_ address: String, now: NIODeadline) -> Bool {
        let limit = Double(self.perMinute)
        return self.buckets.withLock { buckets in
            let group = AddressGroup(address)
            var bucket = buckets[group] ?? Bucket(tokens: limit, filledAt: now)
            let elapsed = Double((now - bucket.filledAt).nanoseconds) / 60e9
            bucket.tokens = min(limit, bucket.tokens + max(0, elapsed) * limit)
            bucket.filledAt = now
            let passes = bucket.tokens >= 1
            if passes { bucket.tokens -= 1 }
            if buckets.count >= Self.capacity, buckets[group] == nil { buckets.removeAll(keepingCapacity: true) }
            buckets[group] = bucket
            return passes
        }
    }
}
