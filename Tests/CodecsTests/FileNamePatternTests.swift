import Codecs
import Testing

struct FileNamePatternTests {
    @Test(arguments: [
        ("{cruise}_{station:d}_{date:%Y%m%d}_{frame:d}", "tara_03_20260412_0007.jpg", ["cruise": "tara", "station": "3", "date": "2026-04-12", "frame": "7"]),
        ("{cruise}_{station:d}_{date:%Y%m%d}_{frame:d}", "my_own_cruise_-3_20260412_0.tif", ["cruise": "my_own_cruise", "station": "-3", "date": "2026-04-12", "frame": "0"]),
        ("demo_st{station:d}_{when:%Y%m%d}_{frame}", "demo_st03_20260412_0007.jpg", ["station": "3", "when": "2026-04-12", "frame": "0007"]),
        ("{a}_{b}", "one_two_three", ["a": "one", "b": "two_three"]),
        ("{name}.{ext}", "scan.tar.png", ["name": "scan", "ext": "tar.png"]),
        ("{name}", "scan.1.png", ["name": "scan.1"]),
        ("{name}.png", "scan.1.png", ["name": "scan.1"]),
        ("{well}(f{field:d})[x]*", "B-03(f007)[x]*.tif", ["well": "B-03", "field": "7"]),
        ("a+b?{x}^$|\\{{{y}}}", "a+b?1^$|\\{2}.png", ["x": "1", "y": "2"]),
        ("{cruise}/{station}/{frame:d}", "/data/raw/ps122/st 7/0012.png", ["cruise": "ps122", "station": "st 7", "frame": "12"]),
        ("{frame:d}", "folder/0012.png", ["frame": "12"]),
        ("{day:2d}{hour:2d}{rest}", "1205xyz", ["day": "12", "hour": "5", "rest": "xyz"]),
        ("{name}{number:d}", "frame12", ["name": "frame", "number": "12"]),
        ("z{depth:f}m", "z-012.50m.jpg", ["depth": "-12.50"]),
        ("z{depth:f}", "z12.5", ["depth": "12.5"]),
        ("{t:%Y-%m-%dT%H.%M.%S}", "2026-04-12T07.08.09.jpg", ["t": "2026-04-12T07:08:09"]),
        ("{t:%H%M}", "0708", ["t": "07:08:00"]),
        ("{t:%y%j}", "26102", ["t": "2026-04-12"]),
        ("{t:%d%b%Y}", "12APR2026", ["t": "2026-04-12"]),
        ("{t:%S.%f}", "09.250.jpg", ["t": "00:00:09.250"]),
        ("{t:%Y%%}", "2026%", ["t": "2026"]),
        ("Station_ä_{n:d}", "Station_ä_4.png", ["n": "4"]),
    ])
    func `names that fit give their fields`(pattern: String, name: String, fields: [String: String]) throws {
        #expect(try FileNamePattern(pattern).match(name) == fields)
    }

    @Test(arguments: [
        ("{cruise}_{station:d}", "tara.jpg"), ("{cruise}_{station:d}", "tara_x.jpg"), ("{a}_{b}", "_x"), ("{d:%Y%m%d}", "20260231.jpg"),
        ("{d:%H%M}", "2460"), ("{a}/{b}", "only.jpg"), ("x{n:3d}", "x12"), ("x{n:3d}", "x1234"), ("{a}", ""), ("z{n:d}", "z99999999999999999999x"),
        ("{t:%y%j}", "25366"),
    ])
    func `names that do not fit give nothing`(pattern: String, name: String) throws {
        #expect(try FileNamePattern(pattern).match(name) == nil)
    }

    @Test(arguments: [
        ("{cruise_{x}", 9, "a field begins inside a field"), ("abc{x", 4, "the field that begins here has no end"), ("x}{y}", 2, "} closes a field that was not opened"),
        ("{}", 2, "the field has no name"), ("{1a}", 2, "“1a” is no name of a field"), ("{a b}", 2, "“a b” is no name of a field"),
        ("{a}_{a}", 6, "the field a occurs twice"), ("{a:x}", 4, "“x” is no known form"), ("{a:}", 4, "the form after : is missing"),
        ("{a:%Y%q}", 6, "%q is no part of a date"), ("{a:%Y%Y}", 6, "%Y occurs twice"), ("{a}{b}", 4, "nothing shows where a ends and b begins"),
        ("plain", 1, "the pattern has no field"), ("", 1, "the pattern has no field"), ("{a:%%}", 4, "the date has no part that varies"),
    ])
    func `a wrong pattern is refused with position, reason and remedy`(pattern: String, position: Int, message: String) {
        #expect {
            try FileNamePattern(pattern)
        } throws: { error in
            guard let error = error as? FileNamePatternError else { return false }
            return error.position == position && error.message == message && error.remedy.hasSuffix(".")
        }
    }

    @Test func `fields are listed in the order of the pattern`() throws {
        #expect(try FileNamePattern("{b}_{a:d}_{c:%Y}").fields == ["b", "a", "c"])
    }

    @Test func `names that are not UTF-8 match and never trap`() throws {
        let pattern = try FileNamePattern("{a}_{n:d}")
        #expect(pattern.match(bytes: [0xff, 0xfe, 0x5f, 0x37]) == ["a": "\u{fffd}\u{fffd}", "n": "7"])
        #expect(pattern.match(bytes: []) == nil)
    }

    @Test func `no name stalls a pattern`() throws {
        let pattern = try FileNamePattern("{a}_{b}_{c}_{d}_{e}_{f}_{g:d}")
        #expect(pattern.match(String(repeating: "_", count: 4000)) == nil)
    }
}
