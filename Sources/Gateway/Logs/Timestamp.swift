import Glibc

/// A moment of the wall clock, as logs (RFC 3339) and the `Date` field (RFC 9110, 5.6.7) write it. Always UTC.
package struct Timestamp {
    package let seconds: Int64
    package let milliseconds: Int

    /// So many seconds and milliseconds after the beginning of 1970.
    package init(seconds: Int64, milliseconds: Int) {
        self.seconds = seconds
        self.milliseconds = milliseconds
    }

    static var now: Self {
        var time = timespec()
        unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Self(seconds: Int64(time.tv_sec), milliseconds: time.tv_nsec / 1_000_000)
    }

    /// Milliseconds since the beginning of 1970.
    var inMilliseconds: Int64 { self.seconds * 1000 + Int64(self.milliseconds) }

    /// `2026-11-21T09:30:00.125Z`
    package var text: String {
        let date = self.date
        let fraction = String(self.milliseconds)
        return "\(date.year)-\(Self.two(date.month))-\(Self.two(date.day))T\(self.clock)."
            + String(repeating: "0", count: 3 - fraction.utf8.count) + fraction + "Z"
    }

    /// `Sat, 21 Nov 2026 09:30:00 GMT`
    package var httpDate: String {
        let date = self.date
        let days = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let weekday = Int(((self.seconds / 86_400) % 7 + 7) % 7)
        return "\(days[weekday]), \(Self.two(date.day)) \(Self.months[date.month - 1]) \(date.year) \(self.clock) GMT"
    }

    /// `21/Nov/2026:09:30:00 +0000`
    var logDate: String {
        let date = self.date
        return "\(Self.two(date.day))/\(Self.months[date.month - 1])/\(date.year):\(self.clock) +0000"
    }

    private static let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

    private var clock: String {
        let second = Int(self.seconds % 86_400)
        return "\(Self.two(second / 3600)):\(Self.two(second / 60 % 60)):\(Self.two(second % 60))"
    }

    /// The civil date of the proleptic Gregorian calendar, counted in eras of 400 years that begin in March.
    private var date: (year: Int, month: Int, day: Int) {
        let shifted = Int(self.seconds / 86_400) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (era * 400 + yearOfEra + (month <= 2 ? 1 : 0), month, day)
    }

    private static func two(_ number: Int) -> String {
        number < 10 ? "0\(number)" : String(number)
    }
}
