import Access
import Cryptography
package import NIOCore
private import Synchronization

/// How often one address may begin a sign-in: a bucket of tokens for each, refilled steadily. Shared by all workers, and
/// through the store by all replicas.
package final class SignInLimit: Sendable {
    private struct Bucket {
        var tokens: Double
        var filledAt: NIODeadline
    }

    /// Buckets by when they were used last: those that have not been for longest make room for new ones, so that a crowd
    /// of addresses gives nobody a full bucket who goes on asking.
    private struct Buckets {
        private var recent: [AddressGroup: Bucket] = [:]
        private var earlier: [AddressGroup: Bucket] = [:]
        private static let capacity = 32_768

        subscript(_ group: AddressGroup) -> Bucket? {
            get { self.recent[group] ?? self.earlier[group] }
            set {
                if self.recent.count >= Self.capacity, self.recent[group] == nil {
                    self.earlier = self.recent
                    self.recent = [:]
                }
                self.recent[group] = newValue
            }
        }
    }

    private let perMinute: Int
    private let buckets = Mutex(Buckets())

    /// - Parameter perMinute: also how many at once; 0 for no limit.
    package init?(perMinute: Int) {
        guard perMinute > 0 else { return nil }
        self.perMinute = perMinute
    }

    /// Takes a token here and in the store. Who has none here is not worth a question there; while the store cannot be
    /// asked, this process' own buckets count.
    func take(_ address: String, store: any SessionStore, _ completion: @escaping (Bool) -> Void) {
        guard self.take(address, now: .now()) else { return completion(false) }
        // Redis need not know who has been here.
        let bucket = Digest.sha256(Array("sign-in \(AddressGroup(address).text)".utf8))
        store.takeToken(of: bucket, limit: self.perMinute, per: .seconds(60)) { result in
            if case .success(false?) = result { completion(false) } else { completion(true) }
        }
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
            buckets[group] = bucket
            return passes
        }
    }
}
