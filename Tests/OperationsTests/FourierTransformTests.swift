import Foundation
import Testing

import Operations

@Suite struct FourierTransformTests {
    @Test(arguments: [(4, 4), (8, 12), (20, 16), (60, 36), (100, 32)])
    func `the transform is the sum it stands for, and comes back`(width: Int, height: Int) {
        let transform = FourierTransform(width: width, height: height)
        let plane = ComplexPlane(count: width * height)
        var state: UInt32 = 7
        func next() -> Float {
            state = state &* 1_664_525 &+ 1_013_904_223
            return Float(state >> 8) / Float(1 << 24) - 0.5
        }
        for index in 0..<(width * height) { (plane.real[index], plane.imaginary[index]) = (next(), next()) }
        let (real, imaginary) = ((0..<plane.count).map { Double(plane.real[$0]) }, (0..<plane.count).map { Double(plane.imaginary[$0]) })
        transform.forward(plane, usedRows: height)
        for (u, v) in [(0, 0), (1, 0), (0, 1), (width / 2, 1), (width - 1, height - 1), (2, height / 3), (3, 2)] {
            var (sumR, sumI) = (0.0, 0.0)
            for y in 0..<height {
                for x in 0..<width {
                    let angle = -2 * Double.pi * (Double(u * x) / Double(width) + Double(v * y) / Double(height))
                    let (c, s, index) = (cos(angle), sin(angle), y * width + x)
                    sumR += real[index] * c - imaginary[index] * s
                    sumI += real[index] * s + imaginary[index] * c
                }
            }
            #expect(abs(Double(plane.real[v * width + u]) - sumR) < 1e-3)
            #expect(abs(Double(plane.imaginary[v * width + u]) - sumI) < 1e-3)
        }
        transform.inverse(plane) { _ in true }
        for index in 0..<plane.count {
            #expect(abs(Double(plane.real[index]) / Double(plane.count) - real[index]) < 1e-5)
            #expect(abs(Double(plane.imaginary[index]) / Double(plane.count) - imaginary[index]) < 1e-5)
        }
    }

    @Test func `rows of zeros may be left out, and rows that nobody wants`() {
        let transform = FourierTransform(width: 12, height: 16)
        let (whole, part) = (ComplexPlane(count: 12 * 16), ComplexPlane(count: 12 * 16))
        for index in 0..<(12 * 5) { (whole.real[index], part.real[index]) = (Float(index * index % 17), Float(index * index % 17)) }
        transform.forward(whole, usedRows: 16)
        transform.forward(part, usedRows: 5)
        for index in 0..<(12 * 16) { #expect(whole.real[index] == part.real[index] && whole.imaginary[index] == part.imaginary[index]) }
        transform.inverse(whole) { _ in true }
        transform.inverse(part) { $0 == 3 }
        for index in 36..<48 { #expect(whole.real[index] == part.real[index]) }
    }

    @Test(arguments: [(0, 4), (4, 4), (5, 8), (13, 16), (17, 20), (97, 100), (101, 108), (513, 540)])
    func `sides are multiples of four without large primes`(count: Int, side: Int) {
        #expect(FourierTransform.side(atLeast: count) == side)
    }
}
