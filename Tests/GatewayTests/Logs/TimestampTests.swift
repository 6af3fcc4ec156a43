import Gateway
import Testing

/// Dates, checked against `date -u`.
struct TimestampTests {
    @Test(arguments: [
        (0, "1970-01-01T00:00:00.000Z", "Thu, 01 Jan 1970 00:00:00 GMT"),
        // The example of RFC 9110, 5.6.7.
        (784_111_777, "1994-11-06T08:49:37.000Z", "Sun, 06 Nov 1994 08:49:37 GMT"),
        // 2000 is a leap year although it ends a century; 1900 and 2100 are none.
        (951_782_399, "2000-02-28T23:59:59.000Z", "Mon, 28 Feb 2000 23:59:59 GMT"),
        (951_782_400, "2000-02-29T00:00:00.000Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (951_868_800, "2000-03-01T00:00:00.000Z", "Wed, 01 Mar 2000 00:00:00 GMT"),
        (1_709_251_199, "2024-02-29T23:59:59.000Z", "Thu, 29 Feb 2024 23:59:59 GMT"),
        (1_735_689_599, "2024-12-31T23:59:59.000Z", "Tue, 31 Dec 2024 23:59:59 GMT"),
        (1_735_689_600, "2025-01-01T00:00:00.000Z", "Wed, 01 Jan 2025 00:00:00 GMT"),
        (4_107_542_399, "2100-02-28T23:59:59.000Z", "Sun, 28 Feb 2100 23:59:59 GMT"),
        (4_107_542_400, "2100-03-01T00:00:00.000Z", "Mon, 01 Mar 2100 00:00:00 GMT"),
    ])
    func aMomentHasItsDate(_ seconds: Int64, _ text: String, _ httpDate: String) {
        let timestamp = Timestamp(seconds: seconds, milliseconds: 0)
        #expect(timestamp.text == text)
        #expect(timestamp.httpDate == httpDate)
    }

    @Test(arguments: [(0, "000"), (7, "007"), (42, "042"), (999, "999")])
    func millisecondsHaveThreeDigits(_ milliseconds: Int, _ digits: String) {
        #expect(Timestamp(seconds: 0, milliseconds: milliseconds).text == "1970-01-01T00:00:00.\(digits)Z")
    }

    @Test func everyDayOfFourHundredYearsFollowsTheOneBefore() {
        var expected = (year: 1970, month: 1, day: 1)
        for number in 0..<146_097 {
            let date = Timestamp(seconds: Int64(number) * 86_400, milliseconds: 0).text.prefix(10)
            let (year, month, day) = expected
            #expect(date == "\(year)-\(month < 10 ? "0" : "")\(month)-\(day < 10 ? "0" : "")\(day)")
            let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
            let lengths = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
            expected =
                day < lengths[month - 1]
                ? (year, month, day + 1)
                : month < 12 ? (year, month + 1, 1) : (year + 1, 1, 1)
        }
    }
}
