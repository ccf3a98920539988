"""The nexo Retailer card terminal in two dialects: messages and judgement without I/O, then the drivers.

Swedbank Pay speaks XML over HTTP (nexo Retailer 3.1), Adyen JSON in an encrypted envelope over HTTPS (3.0). Sources,
quoted as [SWP page] and [ADY page]: the Nexo Retailer pages for PAX terminals on developer.swedbankpay.com, and the
point-of-sale pages on docs.adyen.com.
"""
