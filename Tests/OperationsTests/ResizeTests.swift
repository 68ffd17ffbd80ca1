import Operations
import Raster
import Testing

struct ResizeTests {
    @Test(arguments: [(20, 15), (30, 47), (61, 9), (7, 5), (100, 90), (122, 94), (35, 60)])
    func `levels equal OpenCV's`(width: Int, height: Int) throws {
        let nearest = try Pattern.gray8.resized(width: width, height: height, .nearest)
        #expect(FilterFixtures.samples(nearest) == FilterFixtures.values("nearest \(width) \(height)"))
        func close(_ found: [Double], _ name: String) {
            for (a, b) in zip(found, FilterFixtures.values("\(name) \(width) \(height)")) { #expect(abs(a - b) <= 1, "\(name): \(a), \(b)") }
        }
        close(FilterFixtures.samples(try Pattern.gray8.resized(width: width, height: height, .bilinear)), "linear")
        close(FilterFixtures.samples(try Pattern.gray16.resized(width: width, height: height, .bilinear)), "linear16")
        guard width <= 61, height <= 47 else { return }
        close(FilterFixtures.samples(try Pattern.gray8.resized(width: width, height: height, .area)), "area")
        close(FilterFixtures.samples(try Pattern.gray16.resized(width: width, height: height, .area)), "area16")
    }

    @Test func `colour is resized channel by channel`() throws {
        let small = try Pattern.color8.resized(width: 20, height: 15)
        for (a, b) in zip(FilterFixtures.samples(small.mapped { $0.red }), FilterFixtures.values("area colour red")) { #expect(abs(a - b) <= 1) }
        #expect(small.mapped { $0.green } == (try Pattern.color8.mapped { $0.green }.resized(width: 20, height: 15)))
        let large = try AnyImage.color16(Pattern.color16).resized(width: 200, height: 50, .bilinear)
        guard case .color16(let wide) = large else { Issue.record("the picture changed its kind"); return }
        #expect(wide.mapped { $0.blue } == (try Pattern.color16.mapped { $0.blue }.resized(width: 200, height: 50, .bilinear)))
    }

    @Test(arguments: [Resampling.area, .bilinear, .nearest])
    func `even images stay even and single pixels grow`(resampling: Resampling) throws {
        let even = Image<UInt16>(width: 37, height: 23, repeating: 65535)
        #expect(try even.resized(width: 5, height: 4, resampling) == Image(width: 5, height: 4, repeating: 65535))
        #expect(try Image<UInt8>(width: 1, height: 1, repeating: 9).resized(width: 3, height: 2, resampling) == Image(width: 3, height: 2, repeating: 9))
        #expect(try even.resized(width: 1, height: 1, resampling) == Image(width: 1, height: 1, repeating: 65535))
        #expect(try even.resized(width: 37, height: 23, resampling) == even)
    }

    @Test func `shrinking by area keeps the mean`() throws {
        let small = try Pattern.gray16.resized(width: 13, height: 11)
        func mean(_ image: Image<UInt16>) -> Double { image.histogram().moments?.mean ?? .nan }
        #expect(abs(mean(small) - mean(Pattern.gray16)) < 0.3)
    }

    @Test func `sizes without pixels are refused`() {
        #expect(throws: OperationError.self) { try Pattern.gray8.resized(width: 0, height: 4) }
        #expect(throws: OperationError.emptyImage(operation: "resize")) { try Image<UInt8>(width: 0, height: 4, pixels: []).resized(width: 2, height: 2) }
    }
}
