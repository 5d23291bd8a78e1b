def handler(request):
    return f"Hello, {request.query.get('name', 'world')}!\n"
