import Foundation
import Pyramid
import Raster
import Testing

struct DisplayTests {
    /// One value by the formula, in the plainest way.
    private func shown(_ value: Int, _ display: Display) -> Double {
        var share = (Double(value) - display.window.lowerBound) / (display.window.upperBound - display.window.lowerBound)
        share = min(1, max(0, share))
        share = pow(share, 1 / display.gamma)
        return 255 * (display.isInverted ? 1 - share : share)
    }

    @Test(arguments: [(0.0, 255.0, 1.0, false), (50, 120, 1, false), (50, 120, 2.2, true), (-100, 300, 0.4, false), (254.5, 254.6, 1, true)])
    func `gray goes through window, gamma and inversion`(low: Double, high: Double, gamma: Double, inverted: Bool) {
        var display = Display(window: low...high)
        (display.gamma, display.isInverted) = (gamma, inverted)
        let image = Image<UInt8>(width: 256, height: 1, pixels: (0...255).map { UInt8($0) })
        guard case .gray8(let result) = display.rendered(.gray8(image)) else { Issue.record("not gray"); return }
        for value in 0...255 { #expect(abs(Double(result[value, 0]) - shown(value, display)) <= 0.5) }
    }

    @Test func `sixteen bits keep their depth inside a narrow window`() {
        let image = Image<UInt16>(width: 300, height: 1, pixels: (0..<300).map { UInt16(40_000 + $0) })
        guard case .gray8(let result) = Display(window: 40_000...40_255).rendered(.gray16(image)) else { Issue.record("not gray"); return }
        for x in 0..<300 { #expect(Int(result[x, 0]) == min(255, x)) }
    }

    @Test func `channels take their colours, add up, and can be off`() {
        let image = Image(width: 1, height: 1, repeating: BGR<UInt8>(blue: 30, green: 100, red: 200))
        var display = Display(window: 0...255)
        let (red, green) = (BGR<UInt8>(blue: 0, green: 0, red: 255), BGR<UInt8>(blue: 0, green: 255, red: 0))
        func pixel(_ colors: [BGR<UInt8>?]) -> BGR<UInt8>? {
            display.colors = colors
            guard case .color8(let result) = display.rendered(.color8(image)) else { return nil }
            return result[0, 0]
        }
        #expect(pixel([red, green, BGR(blue: 255, green: 0, red: 0)]) == image[0, 0])
        #expect(pixel([green, nil, nil]) == BGR(blue: 0, green: 200, red: 0))
        #expect(pixel([nil, green, green]) == BGR(blue: 0, green: 130, red: 0))
        #expect(pixel([red, red, red]) == BGR(blue: 0, green: 0, red: 255))
        #expect(pixel([nil]) == BGR(blue: 0, green: 0, red: 0))
        display.colors = [BGR(blue: 51, green: 102, red: 255)]
        #expect(display.rendered(.gray8(Image(width: 1, height: 1, repeating: 100))) == .color8(Image(width: 1, height: 1, repeating: BGR(blue: 20, green: 40, red: 100))))
    }

    @Test func `a histogram counts every value, and its window leaves out the outermost ten-thousandth`() {
        var values = (0..<20_000).map { UInt16(1000 + $0 % 512) }
        values[7] = 65_535
        values[8] = 0
        let all = ChannelHistogram.all(of: .gray16(Image(width: 200, height: 100, pixels: values)))
        #expect(all.map(\.name) == ["gray"])
        #expect((all[0].low, all[0].high, all[0].counts.reduce(0, +), all[0].counts.count) == (0, 65_535, 20_000, 256))
        #expect(all[0].auto == 1000...1511)
        #expect(all[0].counts[0] == 1 && all[0].counts[255] == 1)
        let color = ChannelHistogram.all(of: .color8(Image(width: 3, height: 2, repeating: BGR(blue: 1, green: 2, red: 3))))
        #expect(color.map(\.name) == ["red", "green", "blue"] && color.map(\.low) == [3, 2, 1])
        #expect(color[0].counts[3] == 6 && color[0].auto == 2...4)
    }
}
