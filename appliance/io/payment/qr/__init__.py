"""Payments by code: what a code says, built and read without I/O.

Sources, quoted in brackets: [SWQ section] Swish QR code API manual; [EPC section] EPC069-12 version 2.1; [SIX] Swiss
Implementation Guidelines for the QR-bill, version 2.3; [MPM] EMV QR Code Specification for Payment Systems,
merchant-presented mode. Codes that customers show: core/purse.py.
"""
