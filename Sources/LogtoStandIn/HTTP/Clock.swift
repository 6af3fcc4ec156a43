/// The OP's clock: the one it was given, moved by as much as a test wants.
struct Clock: Sendable {
    /// Unix seconds.
    let source: @Sendable () -> Int64
    /// Seconds ahead of the source.
    var skew: Int64 = 0

    /// Unix seconds.
    var now: Int64 { source() &+ skew }

    /// A time as HTTP writes it (RFC 9110 section 5.6.7).
    static func httpDate(_ seconds: Int64) -> String {
        let days = seconds.flooredDivided(by: 86_400)
        let second = seconds - days * 86_400
        let (year, month, day) = civilDate(daysSinceEpoch: days)
        let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let weekday = weekdays[Int(days - days.flooredDivided(by: 7) * 7)]
        let time = [second / 3600, second / 60 % 60, second % 60].map { twoDigits($0) }.joined(separator: ":")
        return "\(weekday), \(twoDigits(day)) \(months[Int(month) - 1]) \(year) \(time) GMT"
    }

    /// Howard Hinnant's `civil_from_days`: the proleptic Gregorian calendar without a table.
    private static func civilDate(daysSinceEpoch days: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = days + 719_468
        let era = shifted.flooredDivided(by: 146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    private static func twoDigits(_ number: Int64) -> String {
        number < 10 ? "0\(number)" : "\(number)"
    }
}

extension Int64 {
    /// Division that rounds towards minus infinity.
    fileprivate func flooredDivided(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -((-self + divisor - 1) / divisor)
    }
}
